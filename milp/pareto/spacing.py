"""Where to ask next: where most lies between what is reachable and what is proven unreachable."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

from milp.pareto.area import corners, undecided
from milp.pareto.axis import Axis
from milp.pareto.curve import Curve


def equal_steps(axis: Axis, low: Fraction, high: Fraction, number: int) -> list[Fraction]:
    """Return about `number` values strictly between two, in equal steps; all of them if they are few."""
    if axis.is_counted and high - low <= number + 1:
        return [Fraction(value) for value in range(int(low) + 1, int(high))]
    values = [axis.below(low + (high - low) * step / (number + 1)) for step in range(1, number + 1)]
    return [value for value in dict.fromkeys(values) if low < value < high]


def widest(curve: Curve, refused: set[Fraction]) -> Fraction | None:
    """Return the x that halves the interval with the largest undecided area.

    Parameters
    ----------
    curve
        What is known.
    refused
        Values at which neither a plan nor a proof was found; they are not asked about again.

    Returns
    -------
    Fraction
        None if no interval is left in which a plan could tell more.
    """
    known = {
        value: undecided(curve, *ends) for ends in open_intervals(curve) for value in _middle(curve, *ends)
    }
    areas = {value: area for value, area in known.items() if value not in refused}
    return max(areas, key=lambda value: areas[value], default=None)


def open_intervals(curve: Curve) -> list[tuple[Fraction, Fraction]]:
    """Return the intervals of x between corners to which no point's answer is the answer, ascending."""
    found = [point for point in curve.points if point.x is not None]

    def answered(low: Fraction, high: Fraction) -> bool:
        return any(p.x is not None and p.x <= low and p.holds_at(high) for p in found)

    left = min((point.x for point in found if point.x is not None), default=Fraction(0))
    return [ends for ends in pairwise(corners(curve)) if ends[0] >= left and not answered(*ends)]


def _middle(curve: Curve, low: Fraction, high: Fraction) -> list[Fraction]:
    """Return the value that halves an interval, if a plan can have any inside."""
    middle = max(curve.x.below((low + high) / 2), curve.x.above(low))
    return [middle] if low < middle < high else []
