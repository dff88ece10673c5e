"""A trade-off curve: the plans, what they make reachable, and the region that is proven unreachable."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from instances.errors import InputError
from instances.named_limits import named_limits
from milp.pareto.area import proven_outline
from milp.pareto.axis import COUNTED, Axis
from milp.pareto.curve import Curve
from milp.plots.canvas import COLOURS, FAINT, INK, canvas, save

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MARGIN = 0.06
"""Room around the curve, as a share of its extent."""

DEEPEST = 3
"""Times the height of the curve that is shown below it, at most, to show what is proven."""

REACHABLE, UNREACHABLE, EDGE = COLOURS[0], "#dcd7ce", "#8d867a"

SCALES = ((10**12, "10¹²"), (10**9, "10⁹"), (10**6, "10⁶"))
"""Powers that are written beside the axis instead of at each of its marks."""


@dataclass(frozen=True)
class _Frame:
    """What part of the plane is shown."""

    left: Fraction
    right: Fraction
    bottom: float
    top: float


def draw(curve: Curve, path: Path) -> None:
    """Draw a trade-off curve into a file.

    Parameters
    ----------
    curve
        The curve; its plans span the picture.
    path
        Picture file; its ending says in which format.

    Raises
    ------
    InputError
        If there is no plan to draw, matplotlib is not installed, or the file cannot be written.
    """
    if not curve.front:
        raise InputError("a curve with at least one plan", "none")
    figure, (axes,) = canvas()
    frame = _frame(curve)
    _draw_unreachable(axes, curve, frame)
    _draw_reachable(axes, curve, frame)
    _draw_limits(axes, curve, frame)
    axes.set_xlim(float(frame.left), float(frame.right))
    axes.set_ylim(frame.bottom, frame.top)
    _name_axes(axes, curve)
    axes.legend(loc="upper right", framealpha=0.9, edgecolor="none", fontsize=8)
    axes.set_title(_title(curve), fontsize=10, loc="left", color=INK)
    save(figure, path)


def _frame(curve: Curve) -> _Frame:
    (left, top), (right, bottom) = curve.front[0], curve.front[-1]
    width, height = (right - left) or abs(right) or Fraction(1), (top - bottom) or abs(top) or Fraction(1)
    bounds = [row.lower_bound for row in curve.rows() if row.lower_bound is not None]
    # Bounds far below would leave no room for the curve.
    lowest = max(min([bottom, *bounds]), bottom - DEEPEST * height)
    room = float(height) * MARGIN
    return _Frame(
        max(Fraction(0), left - width * Fraction(MARGIN)),
        right + width * Fraction(MARGIN),
        float(lowest) - 2 * room,
        float(top) + 2 * room,
    )


def _draw_unreachable(axes: Axes, curve: Curve, frame: _Frame) -> None:
    x, y = proven_outline(curve, frame.left, frame.right)
    y = np.clip(y, frame.bottom, frame.top)
    axes.fill_between(x, frame.bottom, y, color=UNREACHABLE, linewidth=0, label="proven: no plan is here")
    axes.plot(x, y, color=EDGE, linewidth=0.8)


def _draw_reachable(axes: Axes, curve: Curve, frame: _Frame) -> None:
    x = [float(value) for value, _ in curve.front]
    y = [float(value) for _, value in curve.front]
    right, lowest = [*x, float(frame.right)], [*y, y[-1]]
    axes.fill_between(
        right, lowest, frame.top, step="post", color=REACHABLE, alpha=0.1, linewidth=0, label="reachable"
    )
    axes.step(right, lowest, where="post", color=REACHABLE, linewidth=1.2)
    axes.plot(x, y, "o", color=REACHABLE, markersize=4.5, label=f"{len(x)} plans, {_worst(curve)}")


def _worst(curve: Curve) -> str:
    gaps = [row.gap for row in curve.rows()]
    known = [gap for gap in gaps if gap is not None]
    if len(known) < len(gaps):
        return "not all with a bound"
    return f"gap at most {float(max(known)):.1e}" if max(known) else "all proven optimal"


def _draw_limits(axes: Axes, curve: Curve, frame: _Frame) -> None:
    """Mark the limits that the instance has on the two metrics, whether they hold along the curve or not."""
    colour, dashes = COLOURS[1], (0, (5, 3))
    for value in _limits(curve, curve.x, lambda at: frame.left < at < frame.right):
        axes.axvline(float(value), color=colour, linewidth=1, linestyle=dashes)
        axes.annotate(" limit", (float(value), frame.bottom), color=colour, fontsize=8, va="bottom")
    for value in _limits(curve, curve.y, lambda at: frame.bottom < at < frame.top):
        axes.axhline(float(value), color=colour, linewidth=1, linestyle=dashes)
        place = float(frame.left), float(value)
        axes.annotate(" limit", place, color=colour, fontsize=8, va="bottom")


def _limits(curve: Curve, axis: Axis, shown: Callable[[Fraction], bool]) -> list[Fraction]:
    limits = named_limits(curve.instance)
    # What limits one stream of several is no limit on the whole.
    whole = (None, 0) if len(curve.instance.streams) == 1 else (None,)
    return [
        value
        for name, value in limits.items()
        if name.metric == axis.limit.metric and name.stream in whole and shown(value)
    ]


def _name_axes(axes: Axes, curve: Curve) -> None:
    from matplotlib.ticker import MaxNLocator

    xs, ys = zip(*curve.front, strict=True)
    for axis, part, values in ((curve.x, axes.xaxis, xs), (curve.y, axes.yaxis, ys)):
        factor, text = next(((f, t) for f, t in SCALES if max(values) >= 10 * f), (1, ""))
        unit = " ".join(word for word in (text, axis.unit) if word)
        part.set_major_formatter(_scaled(factor))
        if axis.is_counted:
            part.set_major_locator(MaxNLocator(integer=True))
        part.set_label_text(f"{_words(axis.metric)} ({unit})" if unit else _words(axis.metric), fontsize=9)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(FAINT)


def _scaled(factor: int) -> Callable[[float, float], str]:
    """Return how marks of an axis read whose label has the factor."""
    return lambda value, _: f"{value / factor:,.6g}"


def _title(curve: Curve) -> str:
    return f"{curve.instance.name}: {_words(curve.y.metric)} against {_words(curve.x.metric)}"


def _words(metric: str) -> str:
    return f"number of {metric}" if metric in COUNTED else metric.replace("_", " ")
