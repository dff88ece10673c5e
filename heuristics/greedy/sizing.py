"""Markets of a size that can be searched quickly."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from heuristics.greedy.axes import coarse, form_cells
from heuristics.greedy.corners import corners, selected
from heuristics.greedy.market import Market, form_market
from heuristics.greedy.state import State
from heuristics.room import shape_is_free
from instances.groups import Groups
from instances.instance import Instance
from instances.shapes import Shape

Ints = npt.NDArray[np.int64]

BUDGET = 2_500_000
"""Most (cell, type) pairs of a market."""

COARSE = 300_000
"""The same for a first look where a shape has many types."""

BAND = 1_000
"""Most groups that are searched together where each stands for itself."""


def first_markets(instance: Instance, groups: Groups) -> list[Market]:
    """Return markets that have nothing in common: one for all streams, or bands of prompt lengths of each.

    Where running work does not depend on the shape, batches hold neighbours, and bands lose little.
    """
    if not shape_is_free(instance):
        return [_shared_market(instance, groups)]
    return [_band_market(instance, groups, *band) for band in _bands(instance, groups)]


def second_market(
    instance: Instance, groups: Groups, state: State, shapes: frozenset[Shape] = frozenset()
) -> Market:
    """Return a finer market around what a state has opened.

    Parameters
    ----------
    shapes
        Further shapes that are to be considered.
    """
    market = state.board.market
    if shape_is_free(instance):
        opened = state.opened[0]
        types = market.types[0]
        bounds = np.column_stack([types.prompt[opened], types.gen[opened]])
        return _band_market(instance, groups, market.streams[0], market.cells[0].members, bounds)
    used = np.flatnonzero((state.used > 0).any(axis=0))
    only = frozenset(market.shapes[shape] for shape in used.tolist())
    return _shared_market(instance, groups, only | shapes)


def is_whole(instance: Instance, market: Market) -> bool:
    """Tell whether a market leaves out nothing: every group for itself and every corner."""
    for k, cells in enumerate(market.cells):
        if len(cells.count) < len(cells.members):
            return False
        if shape_is_free(instance) and len(market.types[k]) < len(corners(instance, market.cells, k)):
            return False
    return True


def _bands(instance: Instance, groups: Groups) -> Iterator[tuple[int, Ints]]:
    for stream in range(len(instance.streams)):
        mine = np.arange(len(groups))[groups.of_stream(stream)]
        yield from ((stream, band) for band in np.array_split(mine, -(-len(mine) // BAND)))


def _band_market(
    instance: Instance, groups: Groups, stream: int, members: Ints, opened: Ints | None = None
) -> Market:
    cells = form_cells(groups, members, np.unique(groups.prompt[members]), np.unique(groups.gen[members]))
    rows = selected(instance, cells, corners(instance, (cells,), 0), BUDGET // len(cells.count), opened)
    return form_market(instance, (stream,), (cells,), [rows])


def _shared_market(instance: Instance, groups: Groups, only: frozenset[Shape] | None = None) -> Market:
    """Return a market of all streams on the finest grid that keeps to the budget.

    With shapes to keep to, prompts between them need not be told apart.
    """
    streams = tuple(range(len(instance.streams)))
    is_plain = instance.runs.gen_at == "shape" and instance.runs.batch_at == "actual"
    prompts, gens = len(np.unique(groups.prompt)), len(np.unique(groups.gen))
    while True:
        axes = [
            coarse(groups.prompt, groups.count, prompts),
            coarse(groups.gen, groups.count, gens),
        ]
        if only is not None:
            axes = _through(instance, groups, axes, only)
        members = [np.arange(len(groups))[groups.of_stream(stream)] for stream in streams]
        cells = tuple(form_cells(groups, mine, *axes) for mine in members)
        rows = [corners(instance, cells, k, only) for k in streams]
        size = sum(len(c.count) * len(r) for c, r in zip(cells, rows, strict=True))
        if size <= (BUDGET if only is not None or is_plain else COARSE) or max(prompts, gens) <= 4:
            return form_market(instance, streams, cells, rows)
        # With fixed shapes only the gen lengths are left to choose.
        if prompts > gens and only is None:
            prompts = max(2, prompts * 4 // 5)
        else:
            gens = max(2, gens * 4 // 5)


def _through(instance: Instance, groups: Groups, axes: list[Ints], only: frozenset[Shape]) -> list[Ints]:
    prompts = axes[0]
    if instance.runs.decode_at == "shape":
        prompts = np.asarray([groups.prompt.max()])
    gens = axes[1]
    if instance.runs.gen_at == "shape":
        gens = np.asarray([groups.gen.max()])
        gens = np.unique(np.concatenate([gens, np.asarray([shape.gen for shape in only], dtype=np.int64)]))
    prompts = np.unique(
        np.concatenate([prompts, np.asarray([shape.prompt for shape in only], dtype=np.int64)])
    )
    return [prompts, gens]
