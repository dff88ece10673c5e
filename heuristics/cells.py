"""From cells to a plan: ranges of prompts share a shape, and ranges of gens within them share batches."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from heuristics.assemble import BatchChoice, assemble
from heuristics.greedy.choices import declared
from heuristics.room import batch_sizes, capacities, refuse_too_long, shape_is_free
from heuristics.thinning import refuse_no_room, thinned
from instances.groups import Groups
from instances.instance import Instance
from instances.plan import Plan
from instances.shapes import Shape, Sizes

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class _Parts:
    """Requests that share batches, by stream, shape sizes and bucket; columns of shape (parts,) but for two.

    Attributes
    ----------
    order
        int64, shape (groups,): the groups, part by part.
    starts
        Where each part begins in `order`.
    shape
        int64, shape (parts, 2): prompt and gen size.
    stream, requests, prompt, gen
        Stream index, number of requests, longest aligned prompt and longest gen.
    """

    order: Ints
    starts: Ints
    shape: Ints
    stream: Ints
    requests: Ints
    prompt: Ints
    gen: Ints

    def members(self, part: int) -> Ints:
        """Return the groups of a part."""
        end = self.starts[part + 1] if part + 1 < len(self.starts) else len(self.order)
        return self.order[self.starts[part] : end]


def cells_plan(instance: Instance, groups: Groups, prompt: Ints, gen: Ints) -> Plan:
    """Return the plan in which the requests of a cell share batches.

    A cell is a range of prompts times a range of gens in one stream. Where gens are run as compiled, each
    cell has a shape; elsewhere each range of prompts has one, and ranges of gens divide its batches. Where
    running work does not depend on the shape, cells only divide batches, and each stream declares one shape.

    Parameters
    ----------
    prompt, gen
        int64, shape (groups,): upper ends of the ranges that each group lies in, in tokens. Shapes that are
        over the allowed number are thinned out.

    Raises
    ------
    Uncoverable
        If some request fits no allowed shape, or a batch has no room for it.
    """
    refuse_too_long(instance, groups)
    own_gen = instance.runs.gen_at == "batch"
    sizes = shape_sizes(instance, groups, prompt, gen)
    return shared_plan(instance, groups, sizes, gen if own_gen else np.zeros_like(gen))


def shared_plan(instance: Instance, groups: Groups, sizes: Ints, bucket: Ints) -> Plan:
    """Return the plan in which requests of one stream, shape and bucket share batches.

    Parameters
    ----------
    sizes
        int64, shape (groups, 2): prompt and gen size of the shape for each group; too many are thinned out.
    bucket
        int64, shape (groups,): any numbers.

    Raises
    ------
    Uncoverable
        If a batch has no room for some request.
    """
    if shape_is_free(instance):
        shape = _one_shape_each(instance, groups)
    else:
        shape = sizes = thinned(sizes, groups.count, instance.shape_limit)
    parts = _formed(groups, np.column_stack([groups.stream, shape, sizes, bucket]))
    return assemble(instance, groups, _choices(instance, groups, parts, _slots(instance, parts)))


def _one_shape_each(instance: Instance, groups: Groups) -> Ints:
    """Return the sizes of one shape for each stream, shared as far as that saves or has to be."""
    streams = [np.arange(len(groups))[groups.of_stream(k)] for k in range(len(instance.streams))]
    none = Shape(0, 0, batch_sizes(instance)[-1])
    whole = [BatchChoice(k, none, mine, groups.count[mine]) for k, mine in enumerate(streams)]
    shapes = [choice.shape[:2] for choice in declared(instance, groups, whole)]
    return np.asarray(shapes, dtype=np.int64)[groups.stream]


def shape_sizes(instance: Instance, groups: Groups, prompt: Ints, gen: Ints) -> Ints:
    """Return the sizes of the shapes that ranges of lengths need: int64, shape (groups, 2)."""
    sizes = np.column_stack([_sized(instance.shapes.prompt, prompt), np.zeros_like(gen)])
    if instance.shapes.gen is not None:
        # A gen size that nothing runs at only has to be long enough.
        reach = gen if instance.runs.gen_at == "shape" else np.full_like(gen, groups.gen.max())
        sizes[:, 1] = _sized(instance.shapes.gen, reach)
    return sizes


def _sized(allowed: Sizes, bounds: Ints) -> Ints:
    """Round upper ends up to allowed sizes, the longest if none is as long."""
    size = allowed.align(bounds)
    return size if allowed.granularity is not None else np.minimum(size, allowed.values[-1])


def _formed(groups: Groups, keys: Ints) -> _Parts:
    order = np.lexsort(keys.T[::-1])
    change = (np.diff(keys[order], axis=0) != 0).any(axis=1)
    starts = np.concatenate([[0], np.flatnonzero(change) + 1]).astype(np.int64)
    first = keys[order[starts]]
    return _Parts(
        order,
        starts,
        first[:, 1:3],
        first[:, 0],
        np.add.reduceat(groups.count[order], starts),
        np.maximum.reduceat(groups.prompt[order], starts),
        np.maximum.reduceat(groups.gen[order], starts),
    )


def _slots(instance: Instance, parts: _Parts) -> Ints:
    """Return the compiled batch size of each part: one per pair of sizes, the cheapest that has room."""
    sizes = batch_sizes(instance)
    if len(sizes) == 1:
        return np.full(len(parts.starts), sizes[0], dtype=np.int64)
    _, number = np.unique(parts.shape, axis=0, return_inverse=True)
    number = number.ravel()
    cost = np.column_stack([_running(instance, parts, size, number) for size in sizes])
    best: Ints = np.asarray(sizes, dtype=np.int64)[cost.argmin(axis=1)[number]]
    return best


def _running(instance: Instance, parts: _Parts, size: int, number: Ints) -> Floats:
    """Estimate what each shape costs at a compiled batch size; what has no room there is forbidding."""
    side, steps = _run_at(instance, parts.shape, parts.prompt, parts.gen)
    slots = np.full_like(side, size)
    room = _rooms(instance, parts.stream, side, steps, slots)
    batches = np.ceil(parts.requests / np.maximum(room, 1))
    scale, work = instance.cost_scale, instance.cost.work
    cost = batches * float(instance.cost.batch * scale)
    if instance.runs.batch_at == "shape":
        slot = work.prefill_ticks(parts.shape[:, 0], scale) + work.decode_ticks(side, steps, scale)
        cost += batches * size * slot.astype(np.float64)
    cost = np.where(room > 0, cost, 1e300)
    shapes = np.zeros((int(number.max()) + 1, 2), dtype=np.int64)
    shapes[number] = parts.shape
    opening = [float(instance.cost.compile_ticks(Shape(p, g, size), scale)) for p, g in shapes.tolist()]
    total: Floats = np.bincount(number, cost) + np.asarray(opening)
    return total


def _run_at(instance: Instance, shape: Ints, prompt: Ints, gen: Ints) -> tuple[Ints, Ints]:
    """Return prompt side and number of the decode steps of batches."""
    side = prompt if instance.runs.decode_at == "batch" else shape[..., 0]
    return side, gen if instance.runs.gen_at == "batch" else shape[..., 1]


def _rooms(instance: Instance, stream: Ints, side: Ints, steps: Ints, slots: Ints) -> Ints:
    room = np.empty_like(side)
    for index in range(len(instance.streams)):
        mine = stream == index
        room[mine] = capacities(instance, index, side[mine], steps[mine], slots[mine])
    return room


def _choices(instance: Instance, groups: Groups, parts: _Parts, slots: Ints) -> list[BatchChoice]:
    rooms = _rooms(
        instance, parts.stream, *_run_at(instance, parts.shape, parts.prompt, parts.gen), slots
    ).tolist()
    choices = []
    with_gen = instance.shapes.gen is not None
    for part, (prompt, gen) in enumerate(parts.shape.tolist()):
        shape = Shape(prompt, gen if with_gen else 0, int(slots[part]))
        stream, members = int(parts.stream[part]), parts.members(part)
        if rooms[part] > 0:
            choices.append(BatchChoice(stream, shape, members, groups.count[members], None, rooms[part]))
            continue
        # Lengths that do not fit together may still fit one by one.
        sizes = np.broadcast_to(parts.shape[part], (len(members), 2))
        side, steps = _run_at(instance, sizes, groups.prompt[members], groups.gen[members])
        own = capacities(instance, stream, side, steps, np.full_like(side, shape.batch))
        refuse_no_room(int(own.min()), shape)
        choices += [
            BatchChoice(stream, shape, group, groups.count[group], None, int(room))
            for group, room in zip(members[:, None], own, strict=True)
        ]
    return choices
