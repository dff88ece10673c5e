"""The requests of one shape and stream on a line of descending gens, cut into batches."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from heuristics.assemble import BatchChoice
from heuristics.room import capacities
from instances.groups import Groups
from instances.instance import Instance
from instances.shapes import Shape

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

MOST_REQUESTS = 30_000
"""Requests on one line up to which batches may end at each of them, not only where the gen changes."""


@dataclass(frozen=True, eq=False)
class Cut:
    """Batches, and roughly what they cost in ticks, apart from what all ways to cut cost."""

    cost: float
    batches: list[BatchChoice]


@dataclass(frozen=True, eq=False)
class _Line:
    """Groups in descending order of gen, with the requests of each that are still to be cut.

    `unit` and `fixed` are the cost of a request and of a batch whose longest gen is the group's; `room` is
    how many requests such a batch holds.
    """

    group: Ints
    count: Ints
    unit: Floats
    fixed: Floats
    room: Ints

    @property
    def ends(self) -> Ints:
        """Return where each group ends on the line."""
        return np.cumsum(self.count)


def cut_batches(instance: Instance, groups: Groups, stream: int, shape: Shape, members: Ints) -> Cut:
    """Cut the requests of some groups of a stream into batches of a shape that has room for each of them."""
    line = _line(instance, groups, stream, shape, members)
    # Batches of one group alone waste nothing; what they leave is at most two batches of each group.
    whole = np.maximum(line.count // line.room - 1, 0)
    cost, batches = 0.0, []
    for at in np.flatnonzero(whole).tolist():
        group, room = line.group[at : at + 1], int(line.room[at])
        amount = whole[at : at + 1] * room
        batches.append(BatchChoice(stream, shape, group, amount, int(whole[at]), room))
        cost += float(whole[at]) * (float(line.fixed[at]) + room * float(line.unit[at]))
    line = _Line(line.group, line.count - whole * line.room, line.unit, line.fixed, line.room)
    total = int(line.count.sum())
    if instance.runs.batch_at == "shape":
        cuts = np.arange(0, total, int(line.room[0]))
    elif line.room.min() >= total or total > MOST_REQUESTS:
        cuts = _between_gens(line, groups.gen[line.group])
    else:
        cuts = _anywhere(line)
    return Cut(cost + _cost(line, cuts), batches + _choices(line, cuts, stream, shape))


def _line(instance: Instance, groups: Groups, stream: int, shape: Shape, members: Ints) -> _Line:
    order = members[np.argsort(-groups.gen[members], kind="stable")]
    gen, scale, work = groups.gen[order], instance.cost_scale, instance.cost.work
    prompt = np.full_like(gen, shape.prompt)
    decode = work.decode_ticks(prompt, gen, scale).astype(np.float64)
    prefill = work.prefill_ticks(prompt, scale).astype(np.float64)
    unit = decode if instance.runs.prefill_at == "request" else decode + prefill
    fixed = np.full(len(gen), float(instance.cost.batch * scale))
    if instance.runs.batch_at == "shape":
        unit, fixed = unit - decode - prefill, fixed + shape.batch * (decode + prefill)
    room = capacities(instance, stream, prompt, gen, np.full_like(gen, shape.batch))
    return _Line(order, groups.count[order], unit, fixed, room)


def _between_gens(line: _Line, gen: Ints) -> Ints:
    """Return where batches begin if they only end where the gen changes, or are full."""
    starts = np.flatnonzero(np.diff(gen, prepend=-1))
    before = np.concatenate([[0], line.ends])[starts]
    ends = np.append(before[1:], line.ends[-1]).astype(np.float64)
    unit, fixed, room = line.unit[starts], line.fixed[starts], line.room[starts]
    least = np.zeros(len(starts) + 1)
    following = np.zeros(len(starts), dtype=np.int64)
    for at in range(len(starts) - 1, -1, -1):
        taken = ends[at:] - before[at]
        values = unit[at] * taken + fixed[at] * np.ceil(taken / room[at]) + least[at + 1 :]
        following[at] = at + 1 + int(values.argmin())
        least[at] = values.min()
    cuts: list[Ints] = []
    at = 0
    while at < len(starts):
        cuts.append(np.arange(before[at], ends[following[at] - 1], room[at], dtype=np.int64))
        at = int(following[at])
    return np.concatenate(cuts)


def _anywhere(line: _Line) -> Ints:
    """Return where batches begin in the cheapest cut of the line, request by request."""
    unit, fixed = np.repeat(line.unit, line.count), np.repeat(line.fixed, line.count)
    room = np.repeat(line.room, line.count).tolist()
    total = len(unit)
    least = np.zeros(total + 1)
    size = np.zeros(total, dtype=np.int64)
    number = np.arange(1.0, max(room) + 1)
    for at in range(total - 1, -1, -1):
        values = unit[at] * number[: min(room[at], total - at)] + least[at + 1 : at + 1 + room[at]]
        best = int(values.argmin())
        size[at], least[at] = best + 1, values[best] + fixed[at]
    cuts, at = [], 0
    while at < total:
        cuts.append(at)
        at += int(size[at])
    return np.asarray(cuts, dtype=np.int64)


def _cost(line: _Line, cuts: Ints) -> float:
    first = np.searchsorted(line.ends, cuts, side="right")
    sizes = np.diff(cuts, append=line.ends[-1])
    return float((line.fixed[first] + sizes * line.unit[first]).sum())


def _choices(line: _Line, cuts: Ints, stream: int, shape: Shape) -> list[BatchChoice]:
    ends = line.ends
    begins = ends - line.count
    choices: list[BatchChoice] = []
    for low, high in zip(cuts.tolist(), [*cuts[1:].tolist(), int(ends[-1])], strict=True):
        first = int(np.searchsorted(ends, low, side="right"))
        last = int(np.searchsorted(ends, high, side="left")) + 1
        part = slice(first, last)
        amounts = np.minimum(ends[part], high) - np.maximum(begins[part], low)
        choices.append(BatchChoice(stream, shape, line.group[part], amounts, 1, high - low))
    return choices
