"""Where the tokens of each stream are, by length, and what padding adds to them."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from instances.budgets import aligned_gens, aligned_prompts
from instances.demand import Demand
from instances.latencies import percentile
from milp.plots.canvas import COLOURS, INK, canvas

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from instances.instance import Instance
    from milp.analysis.padding import Padding

Ints = npt.NDArray[np.int64]

BINS = 32
REAL, ALIGNED, LEFT = COLOURS[0], COLOURS[1], COLOURS[2]
STREAM_HEIGHT = 2.9
"""Inches per stream."""


def draw_lengths(instance: Instance, padding: Sequence[Padding]) -> Figure:
    """Return a picture of two panels per stream: tokens of prompts and of gens by length, with their padding.

    Bars add up to the tokens of the stream; the bar in the right panel is the padding that the limit on the
    pad ratio allows, split into what alignment takes and what is left.

    Parameters
    ----------
    instance
        The problem.
    padding
        Padding budgets, of each stream first.
    """
    streams = instance.streams
    figure, axes = canvas(10.0, STREAM_HEIGHT * len(streams) + 0.3, rows=len(streams), columns=2)
    for number, stream in enumerate(streams):
        demand, (left, right) = stream.demand, axes[2 * number : 2 * number + 2]
        _panel(left, demand.prompt, aligned_prompts(instance, demand.prompt), demand)
        _panel(right, demand.gen, aligned_gens(instance, demand.gen), demand)
        budget = padding[number]
        left.set_title(
            f"{stream.name}: prompts, {_tokens(demand.prompt, demand):,} tokens "
            f"+ {budget.alignment.prompt:,} of alignment",
            fontsize=9,
            loc="left",
        )
        more = f" + {budget.alignment.gen:,} of alignment" if budget.alignment.gen else ""
        right.set_title(
            f"{stream.name}: gens, {_tokens(demand.gen, demand):,} tokens{more}", fontsize=9, loc="left"
        )
        left.set_ylabel("tokens", fontsize=8)
        _budget_bar(right, budget)
    for axis in axes[-2:]:
        axis.set_xlabel("length of the request, in tokens", fontsize=8)
    axes[0].legend(fontsize=8, frameon=False, loc="upper left")
    return figure


def _panel(axis: Axes, lengths: Ints, sizes: Ints, demand: Demand) -> None:
    """Draw the tokens of requests by length, on a logarithmic axis, and their alignment padding on top."""
    from matplotlib.ticker import LogLocator, NullLocator

    low, high = int(lengths.min()), int(lengths.max())
    edges = np.unique(np.geomspace(low, high + 1, BINS + 1).round().astype(np.int64))
    edges[-1] = high + 1
    real, _ = np.histogram(lengths, edges, weights=lengths * demand.count)
    added, _ = np.histogram(lengths, edges, weights=(sizes - lengths) * demand.count)
    left, widths = edges[:-1], np.diff(edges)
    axis.bar(left, real, widths, align="edge", color=REAL, label="real")
    if added.any():
        label = "alignment padding: no plan avoids it"
        axis.bar(left, added, widths, bottom=real, align="edge", color=ALIGNED, label=label)
    axis.set_xscale("log")
    axis.set_xlim(low, high + 1)
    # Room for the legend and the budget above the bars.
    axis.set_ylim(0, 1.5 * max(1.0, float((real + added).max())))
    axis.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axis.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axis.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axis.xaxis.set_minor_locator(NullLocator())
    _mark_median(axis, lengths, demand)


def _mark_median(axis: Axes, lengths: Ints, demand: Demand) -> None:
    low, high = axis.get_xlim()
    for share, name in ((Fraction(1, 2), "p50"), (Fraction(19, 20), "p95")):
        at = percentile(lengths, demand.count, share)
        beside = {"ha": "left", "text": f" {name}: {at:,}"}
        if at > low * (high / low) ** 0.8:
            beside = {"ha": "right", "text": f"{name}: {at:,} "}
        axis.axvline(at, ymax=0.76, color=INK, linewidth=0.8, linestyle=":")
        axis.annotate(
            beside["text"],
            (at, 0.73),
            xycoords=axis.get_xaxis_transform(),
            fontsize=7,
            color=INK,
            ha=beside["ha"],
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5, "alpha": 0.8},
        )


def _budget_bar(axis: Axes, budget: Padding) -> None:
    """Draw the padding that the limit allows as a bar: alignment, and what is left, or what is missing."""
    inset = axis.inset_axes((0.02, 0.9, 0.96, 0.07))
    inset.set_yticks([])
    inset.set_xticks([])
    for side in inset.spines.values():
        side.set_visible(False)
    if budget.limit is None or budget.budget is None or budget.left is None:
        _below(axis, "the pad ratio is not limited")
        return
    aligned = budget.alignment.tokens
    inset.barh([0], [aligned], color=ALIGNED)
    if budget.left > 0:
        inset.barh([0], [budget.left], left=[aligned], color=LEFT)
    inset.axvline(budget.budget, color=INK, linewidth=2.0)
    inset.set_xlim(0, max(aligned, budget.budget, 1))
    rest = f"{budget.left:,} left for decoding" if budget.left >= 0 else "less than alignment: no plan"
    _below(axis, f"pad ratio ≤ {float(budget.limit):g} allows {budget.budget:,} of padding, {rest}")


def _below(axis: Axes, text: str) -> None:
    """Write a line below the budget bar."""
    axis.annotate(
        text,
        (0.98, 0.87),
        xycoords="axes fraction",
        fontsize=8,
        ha="right",
        va="top",
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5},
    )


def _tokens(lengths: Ints, demand: Demand) -> int:
    pairs = zip(lengths.tolist(), demand.count.tolist(), strict=True)
    return sum(length * number for length, number in pairs)
