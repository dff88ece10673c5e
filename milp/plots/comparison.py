"""Schedulers side by side: latencies, violations against rate, what is in the batches, and the gaps."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from instances.serving.clock import NS_PER_S
from milp.plots.canvas import FAINT, INK, canvas

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from milp.comparison import Comparison, Row

POINTS = 2000
"""Most points of a curve."""

PERCENTILES = {"mean": None, "p95": Fraction(19, 20), "p99": Fraction(99, 100)}
MARKERS = {"mean": "o", "p95": "s", "p99": "^"}
LINES = ("-", "--", ":", "-.")


def draw_comparison(comparison: Comparison, rate: Fraction | None = None) -> Figure:
    """Return a picture of four panels.

    The share of requests by latency, SLA violations against the rate with the certified bound, longest over
    mean length within the batches of each bin, and how far latencies are above what is possible.

    Parameters
    ----------
    comparison
        At least one row.
    rate
        Which rate the panels other than the second show; None for the first.
    """
    shown = comparison.rows[0].rate if rate is None else rate
    rows = distinct([row for row in comparison.rows if row.rate == shown])
    figure, (shares, late, inside, gaps) = canvas(12.0, 9.0, rows=2, columns=2)
    styles = _styles([row.name for row in rows])
    _shares(shares, comparison, rows, styles)
    _late(late, comparison, styles)
    _inside(inside, rows, styles)
    _gaps(gaps, comparison, rows, styles)
    figure.suptitle(
        f"{len(comparison.arrivals):,} requests; rate ×{float(shown):g} except top right", fontsize=9
    )
    return figure


Styles = dict[str, tuple[str, str]]
"""Name to colour and line style."""


def distinct(rows: list[Row]) -> list[Row]:
    """Return the rows without those that did exactly what an earlier one did."""
    seen: dict[bytes, Row] = {}
    for row in rows:
        seen.setdefault(row.simulation.served.completion.tobytes(), row)
    return list(seen.values())


def _styles(names: list[str]) -> Styles:
    """Return a colour and a line style for each; neighbours differ in both."""
    from matplotlib import colormaps
    from matplotlib.colors import to_hex

    colours = colormaps["viridis"](np.linspace(0, 0.9, max(2, len(names))))
    return {name: (to_hex(colours[k]), LINES[k % len(LINES)]) for k, name in enumerate(names)}


def _shares(axis: Axes, comparison: Comparison, rows: list[Row], styles: Styles) -> None:
    for row in rows:
        arrival = comparison.arrivals.faster(row.rate).arrival
        ordered = np.sort(row.simulation.served.completion - arrival) / NS_PER_S
        ranks = np.unique(np.linspace(0, len(ordered) - 1, POINTS).astype(np.int64))
        colour, line = styles[row.name]
        axis.step(
            ordered[ranks], (ranks + 1) / len(ordered), where="post", color=colour, ls=line, label=row.name
        )
    bounds = comparison.bounds.get(rows[0].rate)
    if bounds is not None:
        for quantile in (Fraction(1, 2), *(q for q in PERCENTILES.values() if q is not None)):
            least = float(bounds.value("percentile", quantile) / NS_PER_S)
            axis.plot([least], [float(quantile)], ">", color=INK, ms=5)
        axis.plot([], [], ">", color=INK, ms=5, label="certified: p50, p95, p99 no less")
    axis.set_xscale("log")
    axis.set_xlabel("latency, s", fontsize=8)
    axis.set_ylabel("share of requests", fontsize=8)
    axis.legend(fontsize=7, frameon=False)


def _late(axis: Axes, comparison: Comparison, styles: Styles) -> None:
    requests = len(comparison.arrivals)
    if comparison.rows[0].simulation.metrics.total.violations is None:
        axis.text(0.5, 0.5, "nothing was promised (--sla)", ha="center", transform=axis.transAxes, fontsize=8)
        return
    for name, (colour, line) in styles.items():
        own = [row for row in comparison.rows if row.name == name]
        late = [100 * (row.simulation.metrics.total.violations or 0) / requests for row in own]
        axis.plot([float(row.rate) for row in own], late, line, color=colour, marker="o", ms=3, label=name)
    if comparison.bounds:
        least = [100 * float(bounds.value("violations")) / requests for bounds in comparison.bounds.values()]
        rates = list(map(float, comparison.bounds))
        axis.plot(rates, least, "-", color=INK, marker=">", ms=4, lw=1.5, label="certified: no fewer")
        axis.fill_between(rates, 0, least, color=FAINT, alpha=0.4, lw=0)
    axis.set_xscale("log")
    axis.set_xlabel("rate, times that of the trace", fontsize=8)
    axis.set_ylabel("SLA violations, % of requests", fontsize=8)
    axis.set_ylim(bottom=0)


def _inside(axis: Axes, rows: list[Row], styles: Styles) -> None:
    place, ticks, labels = 0.0, [], []
    for row in rows:
        if row.simulation.composition is None:
            continue
        bins = row.simulation.composition[1]
        at = place + np.arange(len(bins))
        axis.bar(
            at, [float(one.max_over_mean) for one in bins.values()], color=styles[row.name][0], width=0.9
        )
        ticks.append(float(at.mean()))
        labels.append(row.name)
        place = float(at[-1]) + 2
    axis.axhline(1, color=INK, linewidth=0.8)
    axis.set_xticks(ticks, labels, rotation=30, ha="right", fontsize=7)
    axis.set_ylabel("longest / mean length within batches, bin by bin", fontsize=8)
    axis.grid(visible=False, axis="x")


def _gaps(axis: Axes, comparison: Comparison, rows: list[Row], styles: Styles) -> None:
    from matplotlib.ticker import LogLocator, NullFormatter

    lines: npt.NDArray[np.int64] = np.arange(len(rows))[::-1]
    drawn = False
    for label, quantile in PERCENTILES.items():
        objective = "mean_latency" if quantile is None else "percentile"
        found = [comparison.gap(row, objective, quantile) for row in rows]
        points = [(float(gap) + 1, y) for gap, y in zip(found, lines, strict=True) if gap is not None]
        if points:
            drawn = True
            axis.plot(*zip(*points, strict=True), MARKERS[label], ms=5, color=INK, alpha=0.75, label=label)
    axis.set_yticks(lines, [row.name for row in rows], fontsize=7)
    for row, text in zip(rows, axis.get_yticklabels(), strict=True):
        text.set_color(styles[row.name][0])
    if not drawn:
        axis.text(0.5, 0.5, "no bounds", ha="center", transform=axis.transAxes, fontsize=8)
        return
    axis.set_xscale("log")
    axis.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axis.xaxis.set_minor_formatter(NullFormatter())
    axis.axvline(1, color=INK, linewidth=0.8)
    axis.set_xlabel("latency / certified bound: 1 cannot be beaten", fontsize=8)
    axis.legend(fontsize=7, frameon=False)
