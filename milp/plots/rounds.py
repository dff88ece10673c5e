"""Schedules in rounds, one under the other: what holds how much of the memory, round by round."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from milp.plots.canvas import INK, canvas

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.figure import Figure

    from milp.hindsight.rounds.problem import Ints, RoundProblem

SINGLE = 150
"""Requests up to which each has a band of its own; of more, those of similar gen share one."""

CLASSES = 8
POINTS = 2000
"""Rounds that are drawn, about."""


def draw_rounds(problem: RoundProblem, schedules: Mapping[str, Ints], lower: int) -> Figure:
    """Return a picture with a panel per schedule: tokens held over the rounds, long requests darker.

    Parameters
    ----------
    problem
        The requests.
    schedules
        Starts by name, shape (requests,) each.
    lower
        Certified bound on the total latency, in rounds.
    """
    figure, panels = canvas(10.0, 2.9 * len(schedules), rows=len(schedules))
    # Only now: without matplotlib, `canvas` says what to install.
    from matplotlib import colormaps
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    band, gens = _bands(problem.gen)
    shade = ScalarMappable(Normalize(1, int(problem.gen.max())), colormaps["viridis_r"])
    last = max(int((start + problem.gen).max()) for start in schedules.values())
    step, edge = -(-last // POINTS), 0.15 if len(gens) == problem.requests else 0.0
    rounds = np.arange(1, last + 1, step)
    for axis, (name, start) in zip(panels, schedules.items(), strict=True):
        held = _held(problem, start, band, len(gens), last)[:, ::step]
        order = np.argsort([int(start[band == row].min()) for row in range(len(gens))], kind="stable")
        colours = shade.to_rgba(gens[order])
        axis.stackplot(rounds, held[order], colors=colours, linewidth=edge, edgecolor="white", step="mid")
        axis.axhline(problem.memory, color=INK, linewidth=0.8, linestyle=(0, (5, 3)))
        total = problem.latency(start)
        over = f", {total / lower:.3f} × the certified bound" if lower else ""
        axis.set_title(f"{name}: total latency {total:,} rounds{over}", fontsize=9, loc="left", color=INK)
        axis.set_ylabel("tokens held", fontsize=8)
        axis.set_xlim(0, last + 1)
        axis.xaxis.set_major_formatter("{x:,.0f}")
        axis.yaxis.set_major_formatter("{x:,.0f}")
        axis.set_ylim(0, 1.04 * problem.memory)
    panels[-1].set_xlabel("round", fontsize=8)
    bar = figure.colorbar(shade, ax=panels, pad=0.01, fraction=0.025)
    bar.set_label("tokens to generate", fontsize=8)
    bar.ax.tick_params(labelsize=8)
    return figure


def _bands(gen: Ints) -> tuple[Ints, npt.NDArray[np.float64]]:
    """Return the band of each request, and the mean gen of each band."""
    if len(gen) <= SINGLE:
        return np.arange(len(gen)), gen.astype(float)
    rank = np.argsort(np.argsort(gen, kind="stable"), kind="stable")
    band = rank * CLASSES // len(gen)
    return band, np.bincount(band, gen) / np.bincount(band)


def _held(problem: RoundProblem, start: Ints, band: Ints, bands: int, last: int) -> Ints:
    """Return the tokens that each band holds in each round from 1 on, shape (bands, last)."""
    held = np.zeros((bands, last + 1), dtype=np.int64)
    for row, (begin, prompt, gen) in enumerate(zip(start, problem.prompt, problem.gen, strict=True)):
        held[band[row], begin + 1 : begin + gen + 1] += prompt + np.arange(1, gen + 1)
    return held[:, 1:]
