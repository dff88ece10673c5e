"""A simulation over time: how many requests wait, and how late they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from instances.serving.clock import NS_PER_S
from instances.serving.metrics import latencies, queue_depth
from milp.plots.canvas import COLOURS, INK, canvas

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from instances.serving import Arrivals, ServiceLevel
    from instances.serving.metrics import Served

Ints = npt.NDArray[np.int64]

POINTS = 2000
"""Columns of a picture, about: more steps than this are drawn by the most that waited in each column."""


def draw_simulation(
    arrivals: Arrivals, runs: Mapping[str, Served], promised: ServiceLevel | None = None
) -> Figure:
    """Return a picture of two panels: queue depth over time, and the share of requests by latency.

    Parameters
    ----------
    arrivals
        The requests.
    runs
        What happened to them under each policy.
    promised
        Marked in the second panel.
    """
    figure, (left, right) = canvas(11.0, 4.0, columns=2)
    # Only now: without matplotlib, `canvas` says what to install.
    from matplotlib.ticker import MaxNLocator

    for colour, (name, served) in zip(COLOURS, runs.items(), strict=False):
        _depth(left, arrivals, served, colour, name)
        _share(right, latencies(arrivals, served.completion), colour, "-", f"{name}, last token")
        _share(right, latencies(arrivals, served.first_token), colour, ":", f"{name}, first token")
    left.set_xlabel("time, s", fontsize=8)
    left.set_ylabel("requests waiting", fontsize=8)
    left.set_ylim(bottom=0)
    left.yaxis.set_major_locator(MaxNLocator(integer=True))
    left.set_xlim(left=0)
    right.set_xscale("log")
    right.set_xlabel("latency, s", fontsize=8)
    right.set_ylabel("share of requests", fontsize=8)
    right.set_ylim(0, 1.01)
    right.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    for latency in () if promised is None else promised.latency:
        right.axvline(latency / NS_PER_S, color=INK, linewidth=0.8, linestyle=(0, (5, 3)))
        right.annotate(
            " promised",
            (latency / NS_PER_S, 0.02),
            xycoords=right.get_xaxis_transform(),
            fontsize=7,
            color=INK,
        )
    right.legend(fontsize=8, frameon=False, loc="best")
    if len(runs) > 1:
        left.legend(fontsize=8, frameon=False, loc="best")
    return figure


def _depth(axis: Axes, arrivals: Arrivals, served: Served, colour: str, name: str) -> None:
    times, depth = queue_depth(arrivals, served.start)
    times, depth = _thinned(times, depth)
    axis.step(times / NS_PER_S, depth, where="post", color=colour, linewidth=0.6, label=name)


def _thinned(times: Ints, depth: Ints) -> tuple[Ints, Ints]:
    """Return at most about `POINTS` steps: of each stretch of time the most that waited."""
    if len(times) <= POINTS:
        return times, depth
    width = int(times[-1]) // POINTS + 1
    first = np.unique(times // width, return_index=True)[1]
    return times[first], np.maximum.reduceat(depth, first)


def _share(axis: Axes, values: Ints, colour: str, style: str, label: str) -> None:
    ordered = np.sort(values) / NS_PER_S
    ranks = np.unique(np.linspace(0, len(ordered) - 1, POINTS).astype(np.int64))
    axis.step(
        ordered[ranks], (ranks + 1) / len(ordered), where="post", color=colour, linestyle=style, label=label
    )
