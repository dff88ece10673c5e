"""What a shape for each interval of prompts costs at least nearly, before its batches are cut."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from heuristics.greedy.axes import coarse
from heuristics.partition.segments import Segments
from heuristics.room import batch_sizes, capacities
from instances.exact import IntArray, magnitude, widened
from instances.groups import Groups
from instances.instance import Instance
from instances.shapes import Shape

Ints = npt.NDArray[np.int64]

FINEST_PROMPTS = 240
FINEST_GENS = 1000
"""Most bounds; more distinct lengths share them."""


def estimate_segments(instance: Instance, groups: Groups) -> Segments:
    """Estimate the cost of each segment of the prompts, with the compiled batch size that suits it.

    Where only requests are paid for, each is taken at its own gen, with its share of a full batch. Where
    slots are paid for, gens are taken in descending order, one full batch after another.
    """
    bounds = coarse(groups.prompt, groups.count, FINEST_PROMPTS)
    gens = coarse(groups.gen, groups.count, FINEST_GENS)
    cell = np.searchsorted(bounds, groups.prompt)
    level = np.searchsorted(gens, groups.gen)
    none = np.zeros((len(bounds), len(bounds)), dtype=np.int64)
    cost: IntArray = np.zeros(none.shape, dtype=object)
    batch, possible = none.copy(), np.zeros(none.shape, dtype=bool)
    for size in batch_sizes(instance):
        value, fits = _priced(instance, groups, bounds, gens, cell, level, size)
        better = fits & (~possible | (value < cost).astype(bool))
        cost[better], batch[better] = value[better], size
        possible |= fits
    return Segments(bounds, cell, none, batch, cost, np.triu(possible))


def _priced(
    instance: Instance, groups: Groups, bounds: Ints, gens: Ints, cell: Ints, level: Ints, size: int
) -> tuple[IntArray, npt.NDArray[np.bool_]]:
    """Return the cost of each segment at one compiled batch size, and whether its requests have room."""
    model, scale = instance.cost, instance.cost_scale
    side, steps = np.broadcast_arrays(bounds[:, None], gens[None, :])
    decode = model.work.decode_ticks(side, steps, scale).astype(object)
    prefill = model.work.prefill_ticks(side, scale).astype(object)
    unit = decode if instance.runs.prefill_at == "request" else decode + prefill
    fixed = np.full(side.shape, int(model.batch * scale), dtype=object)
    if instance.runs.batch_at == "shape":
        unit, fixed = unit - decode - prefill, fixed + size * (decode + prefill)
    cost: IntArray = np.zeros((len(bounds), len(bounds)), dtype=object)
    fits = np.ones(cost.shape, dtype=bool)
    opening = np.asarray([model.compile_ticks(shape, scale) for shape in _shapes(bounds, size)], dtype=object)
    for stream in range(len(instance.streams)):
        of_stream = groups.of_stream(stream)
        requests = np.zeros((len(bounds) + 1, len(gens)), dtype=np.int64)
        np.add.at(requests, (cell[of_stream] + 1, level[of_stream]), groups.count[of_stream])
        requests = np.cumsum(requests, axis=0)
        room = capacities(instance, stream, side, steps, np.full_like(side, size))
        fits &= _between(requests, (room == 0).astype(np.int64)) == 0
        room = np.maximum(room, 1)
        if instance.runs.batch_at == "shape":
            cost += _between(requests, unit) + _in_full_batches(requests, fixed, room[0, 0])
        else:
            cost += _between(requests, unit + fixed // room.astype(object))
        if model.compile_per == "stream":
            cost += (_between(requests, np.ones_like(side)) > 0).astype(object) * opening[None, :]
    if model.compile_per == "once":
        cost += opening[None, :]
    return cost, fits


def _shapes(bounds: Ints, size: int) -> list[Shape]:
    return [Shape(int(prompt), 0, size) for prompt in bounds.tolist()]


def _between(requests: Ints, value: IntArray) -> IntArray:
    """Return at [i, j] the sum over the requests of the cells i, …, j of their value in the shape of j."""
    bound = (int(requests[-1].sum()) + 1) * (magnitude(value) + 1)
    total = widened(requests, bound) @ widened(value, bound).T
    between: IntArray = (total[1:].diagonal()[None, :] - total[:-1]).astype(object)
    return between


def _in_full_batches(requests: Ints, fixed: IntArray, room: int) -> IntArray:
    """Return at [i, j] the cost of the batches of the cells i, …, j, filled in descending order of gen."""
    cells = len(fixed)
    cost: IntArray = np.zeros((cells, cells), dtype=object)
    bound = (int(requests[-1].sum()) + 1) * (magnitude(fixed) + 1)
    for last in range(cells):
        inside = (requests[last + 1] - requests[: last + 1])[:, ::-1]
        begun = np.diff(-(-np.cumsum(inside, axis=1) // room), axis=1, prepend=0)
        cost[: last + 1, last] = widened(begun, bound) @ widened(fixed[last, ::-1], bound)
    return cost
