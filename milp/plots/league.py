"""Pictures of a league: the gap of every contender, and who is out of limits."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from math import ceil, floor, log10
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from heuristics.attempt import Outcome
from milp.league.rows import League, Row, Source, Standings
from milp.league.summary import Summary, summaries
from milp.plots.canvas import COLOURS, FAINT, INK, canvas, save

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_PANELS = 6
"""Instances that are drawn one by one; more are drawn as one cloud of points per contender."""

PANELS_ABREAST = 3
SMALLEST = 1e-6
"""Gaps in percent below which points are drawn at this one; they differ by nothing that an eye sees."""

MARKERS: dict[Source, tuple[str, str, str]] = {
    "heuristic": ("o", COLOURS[0], "heuristic"),
    "file": ("s", COLOURS[1], "plan from a file"),
    "solver": ("D", COLOURS[2], "solver"),
}
"""Marker, colour and words of each source."""

KINDS_SHOWN = 3

CLEAR = {"facecolor": "white", "edgecolor": "none", "pad": 0.8}
"""Behind words, so that no line of the grid strikes them through."""


class GapAxis:
    """A logarithmic axis of gaps in percent, with a place of its own for 0.

    Parameters
    ----------
    gaps
        What is drawn, in percent.
    """

    def __init__(self, gaps: Iterable[float]) -> None:
        positive = [max(SMALLEST, gap) for gap in gaps if gap > 0]
        self.low = min(-1, floor(log10(min(positive)))) if positive else -1
        self.high = 2

    def place(self, gap: float) -> float:
        """Return the abscissa of a gap."""
        return log10(max(SMALLEST, gap)) if gap > 0 else self.low - 1

    def dress(self, axis: Axes) -> None:
        """Give an axis its range and ticks."""
        step = ceil((self.high - self.low) / 6)
        decades = list(range(self.high, self.low - 1, -step))[::-1]
        axis.set_xlim(self.low - 1.4, self.high + 0.15)
        axis.set_xticks([self.low - 1, *decades])
        axis.set_xticklabels(["0", *(f"{10.0**decade:g}" for decade in decades)])
        axis.axvline(self.low - 0.5, color=FAINT, linewidth=1.2)
        axis.set_xlabel("gap to the certified lower bound, %", fontsize=8)


def draw(league: League, path: Path) -> None:
    """Draw a league and write the picture.

    Up to `MOST_PANELS` instances have a panel each: a point at the gap of every plan within limits, words
    where there is no gap. More are drawn together: all gaps of a contender on its line, the median marked,
    and beside it on how many instances it kept to the limits.
    """
    save(_panels(league) if len(league.standings) <= MOST_PANELS else _clouds(league), path)


def _panels(league: League) -> Figure:
    names = _order(league)
    columns = min(PANELS_ABREAST, len(league.standings))
    rows = ceil(len(league.standings) / columns)
    height = rows * (1.1 + 0.24 * len(names)) + 0.4
    figure, axes = canvas(1.9 + 3.6 * columns, height, rows, columns)
    scale = GapAxis(percent(row) for one in league.standings for row in one.rows if row.gap is not None)
    for index, axis in enumerate(axes):
        if index >= len(league.standings):
            axis.set_axis_off()
            continue
        _dress_names(axis, names, labelled=index % columns == 0)
        scale.dress(axis)
        one = league.standings[index]
        axis.set_title(_title(one), fontsize=9, loc="left")
        for row in one.rows:
            _draw_row(axis, scale, len(names) - 1 - names.index(row.name), row)
    _legend(figure, axes[0], league)
    return figure


def _order(league: League) -> list[str]:
    """Return the contenders, the best first: on the one instance, or over all."""
    if len(league.standings) == 1:
        return [row.name for row in league.standings[0].rows]
    return [summary.name for summary in summaries(league)]


def _dress_names(axis: Axes, names: list[str], *, labelled: bool) -> None:
    axis.set_ylim(-0.6, len(names) - 0.4)
    axis.set_yticks(range(len(names)))
    axis.set_yticklabels(names[::-1] if labelled else [])
    axis.tick_params(axis="y", length=0)


def _title(one: Standings) -> str:
    status = "no bound" if one.result is None else one.result.status.value
    return "\n".join([*textwrap.wrap(one.instance.name, 44), status])


def _draw_row(axis: Axes, scale: GapAxis, height: int, row: Row) -> None:
    if row.gap is None:
        colour = INK if row.within else COLOURS[3]
        place = scale.low - 1.3
        axis.text(place, height, _words(row), fontsize=6.5, color=colour, va="center", bbox=CLEAR)
        return
    marker, colour, _ = MARKERS[row.source]
    x = scale.place(percent(row))
    axis.plot([x], [height], marker, color=colour, markersize=5)
    # Beside the point, on the side where there is room.
    right = x < scale.high - 0.35 * (scale.high - scale.low + 1)
    axis.annotate(
        f"{percent(row):.3g} %",
        (x, height),
        xytext=(6 if right else -6, 0),
        textcoords="offset points",
        ha="left" if right else "right",
        va="center",
        fontsize=6.5,
        color=INK,
        bbox=CLEAR,
    )


def _words(row: Row) -> str:
    """Return why a row has no point."""
    if row.outcome is not Outcome.VIOLATES:
        return "within limits, no bound" if row.within else row.outcome.value
    kinds = list(dict.fromkeys(violation.kind.replace("_", " ") for violation in row.violations))
    more = ", …" if len(kinds) > KINDS_SHOWN else ""
    return f"× violates {', '.join(kinds[:KINDS_SHOWN])}{more}"


def percent(row: Row) -> float:
    """Return the gap of a row in percent, to be drawn."""
    return 100 * float(row.gap or 0)


def _legend(figure: Figure, axis: Axes, league: League) -> None:
    """Name the markers of the sources that there are, and what of the axis has a label."""
    sources = {row.source for one in league.standings for row in one.rows}
    for source, (marker, colour, words) in MARKERS.items():
        if source in sources:
            axis.plot([], [], marker, color=colour, markersize=5, label=words)
    handles, labels = axis.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(handles), fontsize=8, frameon=False)


def _clouds(league: League) -> Figure:
    found = summaries(league)
    names = [summary.name for summary in found]
    source = {row.name: row.source for one in league.standings for row in one.rows}
    figure, (axis,) = canvas(8.5, 1.3 + 0.3 * len(names))
    scale = GapAxis(100 * float(gap) for summary in found for gap in summary.gaps)
    _dress_names(axis, names, labelled=True)
    scale.dress(axis)
    infeasible = sum(one.infeasible for one in league.standings)
    apart = f", {infeasible} certified infeasible apart" if infeasible else ""
    axis.set_title(f"{len(league.standings) - infeasible} instances{apart}", fontsize=9, loc="left")
    for height, summary in zip(range(len(names) - 1, -1, -1), found, strict=True):
        _draw_cloud(axis, scale, height, summary, source[summary.name])
    axis.annotate(
        "within limits",
        (1.01, 1.0),
        xycoords="axes fraction",
        xytext=(0, 4),
        textcoords="offset points",
        fontsize=8,
    )
    axis.plot([], [], color=INK, linewidth=1.6, label="median")
    _legend(figure, axis, league)
    return figure


def _draw_cloud(axis: Axes, scale: GapAxis, height: int, summary: Summary, source: Source) -> None:
    marker, colour, _ = MARKERS[source]
    places = [scale.place(100 * float(gap)) for gap in summary.gaps]
    positive = places[summary.optimal :]
    # Points are spread over the line, in their order, so that their number shows; those at 0 are counted.
    heights = [height - 0.2 + 0.4 * index / max(1, len(positive) - 1) for index in range(len(positive))]
    axis.plot(positive, heights, marker, color=colour, markersize=3, alpha=0.5, markeredgewidth=0)
    if places:
        axis.plot([median(places)] * 2, [height - 0.33, height + 0.33], color=INK, linewidth=1.6)
    if summary.optimal:
        axis.plot([scale.place(0)], [height], marker, color=colour, markersize=5)
        axis.annotate(
            f"{summary.optimal}×",
            (scale.place(0), height),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            fontsize=6.5,
            bbox=CLEAR,
        )
    axis.annotate(
        f"{summary.within} of {summary.instances}",
        (1.01, height),
        xycoords=axis.get_yaxis_transform(),
        va="center",
        fontsize=8,
        annotation_clip=False,
    )
