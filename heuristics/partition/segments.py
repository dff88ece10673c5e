"""Segments of the prompt lengths: the shape of each, and what all its requests cost in that shape."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from heuristics.greedy.axes import coarse
from heuristics.powers_of_two import ceil_power
from heuristics.room import batch_sizes, capacities
from instances.exact import IntArray
from instances.groups import Groups
from instances.instance import Instance
from instances.shapes import Shape

Ints = npt.NDArray[np.int64]

FINEST = 240
"""Most bounds; more distinct prompts share them, so that the pairs of bounds stay few."""


@dataclass(frozen=True, eq=False)
class Segments:
    """What runs between any two cuts; segment (i, j) holds the cells i, …, j − 1.

    Attributes
    ----------
    bounds
        int64, shape (m,): longest prompt of each cell, ascending, in tokens.
    cell
        int64, shape (groups,): cell of each group.
    gen, batch
        int64, shape (m, m): compiled gen and batch size of segment (i, j + 1); 0 where not compiled.
    cost
        Python ints, shape (m, m): cost of the segment, in ticks.
    possible
        bool, shape (m, m): whether batches of the segment have room.
    """

    bounds: Ints
    cell: Ints
    gen: Ints
    batch: Ints
    cost: IntArray
    possible: npt.NDArray[np.bool_]

    def edges(self) -> Iterator[tuple[int, int, int]]:
        """Yield (i, j, cost) of each segment that can be run."""
        first, last = np.nonzero(self.possible)
        costs = self.cost[first, last].tolist()
        yield from zip(first.tolist(), (last + 1).tolist(), costs, strict=True)

    def shape(self, low: int, high: int) -> Shape:
        """Return the shape of segment (low, high)."""
        at = low, high - 1
        return Shape(int(self.bounds[high - 1]), int(self.gen[at]), int(self.batch[at]))


@dataclass(frozen=True, eq=False)
class _Load:
    """Requests that share batches, in each segment: their number, longest prompt and gen, and own prefill."""

    stream: int
    requests: IntArray
    prompt: Ints
    gen: Ints
    own: IntArray


def form_segments(instance: Instance, groups: Groups) -> Segments:
    """Compute the segments of an instance.

    A segment of several batches costs as if each ran at the segment's longest lengths. That is exact where
    lengths are compiled or one batch holds the segment; elsewhere the plan costs at most that.
    """
    bounds = coarse(groups.prompt, groups.count, FINEST)
    cell = np.searchsorted(bounds, groups.prompt)
    loads = [
        _load(instance, groups, cell, len(bounds), int(groups.stream[part[0]]), part)
        for part in sharing(instance, groups, np.arange(len(groups)))
    ]
    gen = np.maximum.reduce([load.gen for load in loads])
    gen = np.zeros_like(gen) if instance.shapes.gen is None else instance.shapes.gen.align(gen)
    batch = np.zeros_like(gen)
    cost = np.zeros(gen.shape, dtype=object)
    possible = np.zeros(gen.shape, dtype=bool)
    for size in batch_sizes(instance):
        value, fits = _cost(instance, bounds, gen, size, loads)
        better = fits & (~possible | (value < cost))
        batch[better] = size
        cost[better] = value[better]
        possible |= fits
    return Segments(bounds, cell, gen, batch, cost, np.triu(possible))


def sharing(instance: Instance, groups: Groups, inside: Ints) -> list[Ints]:
    """Split groups by what may share a batch: the stream and, where batches run their own gen, its size.

    Gen lengths between the same powers of two share batches.
    """
    free = instance.runs.gen_at == "batch"
    steps = ceil_power(groups.gen[inside]) if free else np.zeros_like(inside)
    _, number = np.unique(np.column_stack([groups.stream[inside], steps]), axis=0, return_inverse=True)
    order = np.argsort(number.ravel(), kind="stable")
    return np.split(inside[order], np.cumsum(np.bincount(number.ravel()))[:-1])


def _load(instance: Instance, groups: Groups, cell: Ints, cells: int, stream: int, mine: Ints) -> _Load:
    own = instance.cost.work.prefill_ticks(groups.prompt[mine], instance.cost_scale)
    count = groups.count[mine].astype(object)
    return _Load(
        stream,
        _between(cell[mine], count, cells),
        _longest(cell[mine], groups.prompt[mine], cells),
        _longest(cell[mine], groups.gen[mine], cells),
        _between(cell[mine], own * count, cells),
    )


def _between(cell: Ints, amount: IntArray, cells: int) -> IntArray:
    """Return what the cells i, …, j hold together, at [i, j]."""
    reached = np.zeros(cells + 1, dtype=object)
    np.add.at(reached, cell + 1, amount)
    reached = np.cumsum(reached)
    total: IntArray = reached[None, 1:] - reached[:-1, None]
    return total


def _longest(cell: Ints, length: Ints, cells: int) -> Ints:
    """Return the longest of the cells i, …, j at [i, j]; 0 where there is none."""
    longest = np.zeros(cells, dtype=np.int64)
    np.maximum.at(longest, cell, length)
    return np.maximum.accumulate(np.triu(np.broadcast_to(longest, (cells, cells))), axis=1)


def _cost(
    instance: Instance, bounds: Ints, gen: Ints, size: int, loads: list[_Load]
) -> tuple[IntArray, npt.NDArray[np.bool_]]:
    """Return the cost of each segment at one compiled batch size, and whether it has room."""
    rules, model, scale = instance.runs, instance.cost, instance.cost_scale
    prompt = np.broadcast_to(bounds, gen.shape)
    prefill = model.work.prefill_ticks(prompt, scale).astype(object)
    cost = np.zeros(gen.shape, dtype=object)
    fits = np.ones(gen.shape, dtype=bool)
    users = np.zeros((len(instance.streams), *gen.shape), dtype=bool)
    for load in loads:
        some = (load.requests > 0).astype(bool)
        # Where nothing runs any length will do; one token keeps the memory limit from dividing by 0.
        side = np.maximum(load.prompt if rules.decode_at == "batch" else prompt, 1)
        steps = np.maximum(load.gen if rules.gen_at == "batch" else gen, 1)
        room = capacities(instance, load.stream, side, steps, np.full_like(gen, size))
        fits &= ~some | (room > 0)
        batches = -(-load.requests // np.maximum(room, 1).astype(object))
        slots = load.requests if rules.batch_at == "actual" else batches * size
        cost += (slots - load.requests) * prefill
        cost += load.own if rules.prefill_at == "request" else load.requests * prefill
        cost += slots * model.work.decode_ticks(side, steps, scale).astype(object)
        cost += batches * int(model.batch * scale)
        users[load.stream] |= some
    uses = users.sum(axis=0).astype(object) if model.compile_per == "stream" else 1
    return cost + uses * _opening(instance, prompt, gen, size), fits


def _opening(instance: Instance, prompt: Ints, gen: Ints, size: int) -> IntArray:
    total: IntArray = np.zeros(gen.shape, dtype=object)
    for term in instance.cost.compile:
        factor = term.coefficient * instance.cost_scale * size**term.batch
        total += int(factor) * prompt.astype(object) ** term.prompt * gen.astype(object) ** term.gen
    return total
