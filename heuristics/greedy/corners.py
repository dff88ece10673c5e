"""Bounds worth opening a batch type at."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from heuristics.greedy.axes import Cells, coarse
from heuristics.room import batch_sizes, shape_is_free
from instances.instance import Instance
from instances.shapes import Shape

Ints = npt.NDArray[np.int64]

PAIRS = 1500
"""Most corners of which all pairs are looked at."""


def corners(
    instance: Instance, cells: tuple[Cells, ...], index: int, only: frozenset[Shape] | None = None
) -> Ints:
    """Return rows (shape prompt, shape gen, shape batch, prompt bound, gen bound) for one of some streams.

    Only tight bounds are of use: some request attains each and fits under all. Where running work does not
    depend on the shape, its prompt is 0 and left to be chosen.

    Parameters
    ----------
    only
        Shapes to keep to.
    """
    rules, own = instance.runs, cells[index]
    prompt, gen = (np.concatenate([getattr(c, name) for c in cells]) for name in ("prompt", "gen"))
    steps = 0 if instance.shapes.gen is None else int(instance.shapes.gen.align(gen).max())
    batches = batch_sizes(instance)
    if rules.batch_at == "actual":
        batches = batches[-1:]
    if shape_is_free(instance):
        bounds = tight_pairs(own.prompt, own.gen)
        return _rows(0, steps, batches[-1], bounds[:, 0], bounds[:, 1])
    bounds = tight_pairs(prompt, gen) if rules.gen_at == "shape" else _below(np.unique(prompt), own)
    fits = (own.prompt.min() <= bounds[:, 0]) & (own.gen.min() <= bounds[:, 1])
    bounds = bounds[fits]
    if only is not None:
        wanted = {(s.prompt, s.gen if rules.gen_at == "shape" else 0) for s in only}
        keys = zip(bounds[:, 0].tolist(), bounds[:, 1].tolist(), strict=True)
        kept = [(p, g if rules.gen_at == "shape" else 0) in wanted for p, g in keys]
        bounds = bounds[np.asarray(kept, dtype=bool)]
    parts = []
    for batch in batches:
        shape_gen = bounds[:, 1] if rules.gen_at == "shape" else steps
        rows = _rows(bounds[:, 0], shape_gen, batch, bounds[:, 0], bounds[:, 1])
        if only is not None and rules.batch_at == "shape":
            wanted_here = {s.prompt for s in only if s.batch == batch}
            rows = rows[np.isin(rows[:, 0], sorted(wanted_here))]
        if rules.decode_at == "batch":
            rows = np.concatenate(
                [_with_prompt(rows[rows[:, 0] >= value], value) for value in np.unique(own.prompt).tolist()]
            )
        parts.append(rows)
    return np.concatenate(parts)


def selected(instance: Instance, cells: Cells, rows: Ints, most: int, opened: Ints | None) -> Ints:
    """Keep the more promising of too many corners, where the shape does not matter for the work.

    Kept are every cell's own corner, a coarse grid, and the joins of pairs that lose least by being merged.

    Parameters
    ----------
    most
        About how many to keep.
    opened
        Rows (prompt bound, gen bound) to keep and to join pairwise instead of the cells.
    """
    if len(rows) <= most:
        return rows
    own = np.column_stack([cells.prompt, cells.gen])
    grid = tight_pairs(
        coarse(cells.prompt, np.ones_like(cells.prompt), 14)[
            np.searchsorted(coarse(cells.prompt, np.ones_like(cells.prompt), 14), cells.prompt)
        ],
        coarse(cells.gen, np.ones_like(cells.gen), 14)[
            np.searchsorted(coarse(cells.gen, np.ones_like(cells.gen), 14), cells.gen)
        ],
    )
    fixed = [own, grid] if opened is None else [own, grid, opened]
    base = np.unique(np.concatenate(fixed), axis=0)
    joined = _joins(instance, own if opened is None else opened, max(0, most - len(base)))
    bounds = np.unique(np.concatenate([base, joined]), axis=0)
    return _rows(int(rows[0, 0]), int(rows[0, 1]), int(rows[0, 2]), bounds[:, 0], bounds[:, 1])


def _joins(instance: Instance, bounds: Ints, most: int) -> Ints:
    """Return the joins of pairs of bounds that add least decode work to the two, in ascending order."""
    bounds = bounds[:PAIRS]
    left, right = np.triu_indices(len(bounds), 1)
    prompt = np.maximum(bounds[left, 0], bounds[right, 0])
    gen = np.maximum(bounds[left, 1], bounds[right, 1])
    scale = instance.cost_scale

    def work(side: Ints, steps: Ints) -> npt.NDArray[np.float64]:
        return np.asarray(instance.cost.work.decode_ticks(side, steps, scale), dtype=np.float64)

    alone = work(bounds[:, 0], bounds[:, 1])
    loss = 2 * work(prompt, gen) - alone[left] - alone[right]
    pairs = np.column_stack([prompt, gen])[np.argsort(loss, kind="stable")]
    _, first = np.unique(pairs[: 50 * most], axis=0, return_index=True)
    return np.asarray(pairs[np.sort(first)][:most])


def tight_pairs(prompt: Ints, gen: Ints) -> Ints:
    """Return the (prompt, gen) bounds of which some request attains each and fits under both."""
    prompts, gens = np.unique(prompt), np.unique(gen)
    least_gen = np.full(len(prompts), np.iinfo(np.int64).max)
    np.minimum.at(least_gen, np.searchsorted(prompts, prompt), gen)
    least_prompt = np.full(len(gens), np.iinfo(np.int64).max)
    np.minimum.at(least_prompt, np.searchsorted(gens, gen), prompt)
    row, column = np.nonzero((least_gen[:, None] <= gens) & (least_prompt <= prompts[:, None]))
    return np.column_stack([prompts[row], gens[column]])


def _below(prompts: Ints, own: Cells) -> Ints:
    """Return every prompt size with each gen length that a cell under it has."""
    gens = np.unique(own.gen)
    least_prompt = np.full(len(gens), np.iinfo(np.int64).max)
    np.minimum.at(least_prompt, np.searchsorted(gens, own.gen), own.prompt)
    row, column = np.nonzero(least_prompt <= prompts[:, None])
    return np.column_stack([prompts[row], gens[column]])


def _rows(*columns: Ints | int) -> Ints:
    return np.column_stack(np.broadcast_arrays(*columns)).astype(np.int64)


def _with_prompt(rows: Ints, prompt: int) -> Ints:
    rows = rows.copy()
    rows[:, 3] = prompt
    return rows
