"""Which batches make a plan's metric what it is."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from instances.exact import IntArray
from instances.groups import Groups
from instances.instance import Instance
from instances.latencies import batch_times, completion_ends
from instances.limits import percentile_quantile
from instances.named_limits import SHAPES, LimitName
from instances.plan import Plan
from instances.running import Running, run_batches
from instances.shapes import Shape
from milp.explain.ticks import batch_tokens

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Contribution:
    """What one row of a plan adds to a metric.

    Parameters
    ----------
    batch
        Index of the row in the plan; copies of a batch are one row.
    label
        What the batch is called.
    shape, longest_prompt, longest_gen
        Declared shape, and the longest aligned prompt and gen in the batch, in tokens.
    requests, copies
        Requests in each copy, and copies.
    amount
        What it adds: padded tokens, milliseconds, cost units, late requests, batches; or the requests or
        tokens of one batch. Of a limit on shapes: the requests that run in this batch's shape.
    share
        Of the sum over the batches concerned, 0 to 1.
    """

    batch: int
    label: str
    shape: Shape
    longest_prompt: int
    longest_gen: int
    requests: int
    copies: int
    amount: Fraction
    share: float


def contributions(
    instance: Instance, groups: Groups, plan: Plan, name: LimitName, limit: Fraction
) -> list[Contribution]:
    """Return what each batch adds to a limited metric, the most first; of shapes, the least used first.

    Parameters
    ----------
    instance, groups, plan
        The problem, and a plan whose structure is whole, limits on shapes and batches apart.
    name, limit
        Which limit, and its value.
    """
    running = run_batches(instance, groups, plan)
    values, scale = batch_amounts(instance, groups, plan, running, name, limit)
    mine = np.ones(len(plan), dtype=bool) if name.stream is None else plan.stream == name.stream
    whole = sum(values)
    sign = 1 if name.metric == SHAPES else -1
    order = sorted(np.flatnonzero(mine).tolist(), key=lambda batch: sign * values[batch])
    return [
        Contribution(
            batch=batch,
            label=plan.label(batch),
            shape=Shape(int(plan.prompt[batch]), int(plan.gen[batch]), int(plan.batch[batch])),
            longest_prompt=int(running.longest_prompt[batch]),
            longest_gen=int(running.longest_gen[batch]),
            requests=int(plan.sizes[batch]),
            copies=int(plan.copies[batch]),
            amount=Fraction(values[batch], scale),
            share=values[batch] / whole if whole else 0.0,
        )
        for batch in order
        if values[batch] > 0
    ]


def batch_amounts(
    instance: Instance, groups: Groups, plan: Plan, running: Running, name: LimitName, limit: Fraction
) -> tuple[list[int], int]:
    """Return what each batch adds, 0 in other streams, and how many of these make a unit."""
    amounts, scale = _amounts(instance, groups, plan, running, name, limit)
    mine = [name.stream in (None, stream) for stream in plan.stream.tolist()]
    return [int(amount) if is_mine else 0 for amount, is_mine in zip(amounts, mine, strict=True)], scale


def _amounts(
    instance: Instance, groups: Groups, plan: Plan, running: Running, name: LimitName, limit: Fraction
) -> tuple[list[int], int]:
    copies = plan.copies.tolist()
    if name.metric == "pad_ratio":
        real = np.add.reduceat(_real_tokens(instance, plan), _first_entries(plan)).tolist()
        return [n * (t - r) for n, t, r in zip(copies, running.padded_tokens.tolist(), real, strict=True)], 1
    if name.metric == "cost":
        return _times(copies, running.cost), instance.cost_scale
    if name.metric == "batches":
        return copies, 1
    if name.metric == "max_batch_size":
        return plan.sizes.tolist(), 1
    if name.metric == "max_batch_tokens":
        return batch_tokens(instance, groups, plan).tolist(), 1
    if name.metric == SHAPES:
        return _requests_in_shape(plan), 1
    cold = int(instance.time.cold_start * instance.time_scale)
    first, further = batch_times(plan, running, cold)
    if percentile_quantile(name.metric) is not None:
        return _late(instance, plan, running, first, int(limit * instance.time_scale)), 1
    times = zip(first.tolist(), further.tolist(), copies, strict=True)
    return [once + (n - 1) * again for once, again, n in times], instance.time_scale


def _times(copies: list[int], values: IntArray) -> list[int]:
    return [n * value for n, value in zip(copies, values.tolist(), strict=True)]


def _first_entries(plan: Plan) -> Ints:
    return np.searchsorted(plan.entry_batch, np.arange(len(plan)))


def _real_tokens(instance: Instance, plan: Plan) -> Ints:
    """Return the tokens of each entry, without padding: shape (entries,)."""
    tokens = np.zeros(len(plan.entry_row), dtype=np.int64)
    stream = plan.stream[plan.entry_batch]
    for index, of_stream in enumerate(instance.streams):
        mine = stream == index
        row = plan.entry_row[mine]
        tokens[mine] = (of_stream.demand.prompt + of_stream.demand.gen)[row] * plan.entry_count[mine]
    return tokens


def _late(instance: Instance, plan: Plan, running: Running, first: IntArray, limit: int) -> list[int]:
    """Return how many requests of each batch are later than a limit, in time ticks."""
    if instance.latency == "completion":
        ends = completion_ends(plan, first, running.duration, instance.workers)
        late = np.add.reduceat((ends > limit).astype(np.int64), np.cumsum(plan.copies) - plan.copies)
        return [int(n) * int(size) for n, size in zip(late, plan.sizes, strict=True)]
    over = (running.latency > limit).astype(np.int64) * plan.entry_count
    late = np.add.reduceat(over, _first_entries(plan)) * plan.copies
    cold = int(instance.time.cold_start * instance.time_scale)
    for batch, entry in zip(running.cold_batch.tolist(), running.cold_entry.tolist(), strict=True):
        # One request more, unless it is late anyway.
        late[batch] += running.latency[entry] <= limit < running.latency[entry] + cold
    return [int(n) for n in late]


def _requests_in_shape(plan: Plan) -> list[int]:
    shapes = list(zip(plan.prompt.tolist(), plan.gen.tolist(), plan.batch.tolist(), strict=True))
    held: dict[tuple[int, int, int], int] = {}
    for shape, requests in zip(shapes, (plan.sizes * plan.copies).tolist(), strict=True):
        held[shape] = held.get(shape, 0) + requests
    return [held[shape] for shape in shapes]
