"""How much lies between what is reachable and what is proven unreachable, to choose by and to draw.

Floats are enough for both: what is proven is kept exactly in the curve.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from milp.pareto.curve import Curve

Floats = npt.NDArray[np.float64]

SAMPLES = 33
"""Values of x at which an interval between corners is looked at."""


def corners(curve: Curve) -> list[Fraction]:
    """Return the x at which what is reachable or proven may jump, ascending."""
    values = {value for point in curve.points for value in (point.x, point.most) if value is not None}
    return sorted(values)


def bounds_over(curve: Curve, low: Fraction, high: Fraction) -> tuple[Floats, Floats]:
    """Return x evenly spaced from `low` to `high`, and the proven bounds on y over `low` and up to `high`.

    The interval has no corner inside. A bound that nothing proves is −∞. Where x is a whole number, `low` and
    `high` are two, and no plan is between the last one under `high` and `high` itself.
    """
    last = high - 1 if curve.x.is_counted and high - 1 >= low else high
    x = np.linspace(float(low), float(high), SAMPLES)
    known = [np.full(SAMPLES, -np.inf)]
    for point in curve.points:
        if point.lower_bound is not None and point.holds_at(last):
            known.append(np.full(SAMPLES, float(point.lower_bound)))
    known += [float(line.intercept) + float(line.slope) * x for line in curve.lines]
    return x, np.max(known, axis=0)


def undecided(curve: Curve, low: Fraction, high: Fraction, floor: float = -np.inf) -> float:
    """Return the area between reachable and proven from `low` to `high`, an interval without a corner inside.

    Its unit is that of x times that of y; what is below `floor` does not count. It is 0 where nothing is
    known.
    """
    reachable, (_, bounds) = curve.reachable(low), bounds_over(curve, low, high)
    bounds = np.maximum(bounds, floor)
    if reachable is None or not np.isfinite(bounds).all():
        return 0.0
    return float(np.maximum(0.0, float(reachable) - bounds).mean()) * float(high - low)


def undecided_share(curve: Curve) -> float | None:
    """Return the undecided area as a share of the rectangle that the front spans; None without one."""
    if len(curve.front) < 2:
        return None
    (left, top), (right, bottom) = curve.front[0], curve.front[-1]
    inside = [value for value in corners(curve) if left <= value <= right]
    areas = [undecided(curve, low, high, float(bottom)) for low, high in pairwise(inside)]
    return sum(areas) / (float(right - left) * float(top - bottom))


def proven_outline(curve: Curve, low: Fraction, high: Fraction) -> tuple[Floats, Floats]:
    """Return the upper edge of the proven region from `low` to `high`, as the corners of a polygon chain.

    To the left of the least x there is no plan at any height: there it is ∞.
    """
    least = low if curve.least_x is None else curve.least_x
    inside = sorted(value for value in {*corners(curve), least} if low < value < high)
    parts = []
    for start, end in pairwise([low, *inside, high]):
        x, y = bounds_over(curve, start, end)
        parts.append((x, np.full_like(y, np.inf) if end <= least else y))
    return np.concatenate([x for x, _ in parts]), np.concatenate([y for _, y in parts])
