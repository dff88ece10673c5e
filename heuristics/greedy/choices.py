"""From open types to batch choices, and the shapes they are declared with."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from heuristics.assemble import BatchChoice
from heuristics.greedy.state import State
from heuristics.room import batch_sizes, capacity, shape_is_free
from instances.groups import Groups
from instances.instance import Instance
from instances.shapes import Shape

Ints = npt.NDArray[np.int64]


def choices_of(instance: Instance, groups: Groups, state: State) -> list[BatchChoice] | None:
    """Return the batches of a state, one choice per open type; None if some request is not served."""
    market = state.board.market
    found = []
    for k, stream in enumerate(market.streams):
        if (state.best[k] < 0).any():
            return None
        mine = market.cells[k].members
        kind = state.best[k][market.cells[k].of_group]
        order = np.argsort(kind, kind="stable")
        for part in np.split(order, np.flatnonzero(np.diff(kind[order])) + 1):
            types = market.types[k]
            shape = market.shapes[int(types.shape[kind[part[0]]])]
            found.append(BatchChoice(stream, shape, mine[part], groups.count[mine[part]]))
    return found


def declared(instance: Instance, groups: Groups, choices: list[BatchChoice]) -> list[BatchChoice]:
    """Give every choice the smallest shape that holds all choices of its shape.

    Where the shape does not matter for the work, the choices of a stream get one shape, and streams share
    shapes as far as that saves or has to be.
    """
    if shape_is_free(instance):
        return _one_shape_each(instance, groups, choices)
    needs: dict[Shape, tuple[int, int, int]] = {}
    for choice in choices:
        needs[choice.shape] = _joined(needs.get(choice.shape), _need(instance, groups, choice))
    return [replace(c, shape=_smallest(instance, needs[c.shape], c.shape.batch)) for c in choices]


def _one_shape_each(instance: Instance, groups: Groups, choices: list[BatchChoice]) -> list[BatchChoice]:
    needs: dict[int, tuple[int, int, int]] = {}
    for choice in choices:
        needs[choice.stream] = _joined(needs.get(choice.stream), _need(instance, groups, choice))
    slots = batch_sizes(instance)[-1]
    shape_of = {stream: _smallest(instance, need, slots) for stream, need in needs.items()}
    while len(set(shape_of.values())) > 1:
        merged = min(_mergers(shape_of), key=lambda option: _shapes_cost(instance, option))
        allowed = instance.shape_limit is None or len(set(shape_of.values())) <= instance.shape_limit
        if allowed and _shapes_cost(instance, merged) >= _shapes_cost(instance, shape_of):
            break
        shape_of = merged
    return [replace(choice, shape=shape_of[choice.stream]) for choice in choices]


def _mergers(shape_of: dict[int, Shape]) -> list[dict[int, Shape]]:
    shapes = sorted(set(shape_of.values()))
    options = []
    for index, low in enumerate(shapes):
        for high in shapes[index + 1 :]:
            joint = Shape(*(max(pair) for pair in zip(low, high, strict=True)))
            options.append({k: joint if shape in (low, high) else shape for k, shape in shape_of.items()})
    return options


def _shapes_cost(instance: Instance, shape_of: dict[int, Shape]) -> int:
    scale = instance.cost_scale
    distinct = set(shape_of.values())
    paid = list(shape_of.values()) if instance.cost.compile_per == "stream" else list(distinct)
    number = (
        len(distinct) if instance.cost.count.most is None else min(len(distinct), instance.cost.count.most)
    )
    compiled = sum(instance.cost.compile_ticks(shape, scale) for shape in paid)
    return compiled + instance.cost.count.ticks(number, scale)


def _need(instance: Instance, groups: Groups, choice: BatchChoice) -> tuple[int, int, int]:
    """Return the longest prompt and gen and the largest batch of a choice."""
    prompt, gen = int(groups.prompt[choice.groups].max()), int(groups.gen[choice.groups].max())
    if instance.shapes.batch is None or instance.runs.batch_at == "shape":
        return prompt, gen, choice.shape.batch
    room = capacity(instance, choice.stream, choice.shape, prompt, gen)
    return prompt, gen, min(room, int(choice.amounts.sum()))


def _joined(one: tuple[int, int, int] | None, other: tuple[int, int, int]) -> tuple[int, int, int]:
    return other if one is None else (max(one[0], other[0]), max(one[1], other[1]), max(one[2], other[2]))


def _smallest(instance: Instance, need: tuple[int, int, int], most_slots: int) -> Shape:
    prompt, gen, batch = need
    columns = (np.asarray([value], dtype=np.int64) for value in (prompt, gen))
    steps = 0
    aligned = int(instance.shapes.prompt.align(next(columns))[0])
    if instance.shapes.gen is not None:
        steps = int(instance.shapes.gen.align(next(columns))[0])
    slots = 0
    if instance.shapes.batch is not None:
        slots = next((size for size in batch_sizes(instance) if size >= batch), most_slots)
    return Shape(aligned, steps, min(slots, most_slots))
