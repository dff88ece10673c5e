"""What each batch of a plan runs at, costs and takes: exact columns, one row per batch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from instances.exact import IntArray, magnitude, shifted, widened
from instances.groups import Groups
from instances.instance import Instance
from instances.plan import Plan

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Running:
    """Columns derived from a plan. Batch columns have shape (batches,), entry columns (entries,).

    Attributes
    ----------
    longest_prompt, longest_gen
        Longest aligned prompt and gen length among the requests of the batch, in tokens.
    decode_prompt, steps
        Prompt side and number of the decode steps that are run.
    slots
        Requests paid for in each copy.
    cost
        Cost of each copy, compile cost apart, in cost ticks.
    padded_tokens
        Prompt and gen tokens run by each copy, padding included.
    latency
        Service latency of each entry, cold start apart, in time ticks.
    duration
        Longest latency in each batch, cold start apart, in time ticks.
    cold_batch, cold_entry
        The batch and the entry that each cold start falls on: one per (shape, stream).
    """

    longest_prompt: Ints
    longest_gen: Ints
    decode_prompt: Ints
    steps: Ints
    slots: Ints
    cost: IntArray
    padded_tokens: IntArray
    latency: IntArray
    duration: IntArray
    cold_batch: Ints
    cold_entry: Ints


def run_batches(instance: Instance, groups: Groups, plan: Plan) -> Running:
    """Compute what the batches of a plan run at."""
    rules, cost, time = instance.runs, instance.cost, instance.time
    group = entry_groups(groups, plan)
    prompt, gen = groups.prompt[group], groups.gen[group]
    first = np.searchsorted(plan.entry_batch, np.arange(len(plan)))
    longest_prompt = np.maximum.reduceat(prompt, first)
    longest_gen = np.maximum.reduceat(gen, first)
    decode_prompt = longest_prompt if rules.decode_at == "batch" else plan.prompt
    steps = longest_gen if rules.gen_at == "batch" else plan.gen
    slots = plan.sizes if rules.batch_at == "actual" else plan.batch
    prefill = prompt if rules.prefill_at == "request" else plan.prompt[plan.entry_batch]

    def per_batch(values: IntArray) -> IntArray:
        return _weighted_sum(values, plan.entry_count, first)

    empty = slots - plan.sizes
    cs, ts = instance.cost_scale, instance.time_scale
    decode_cost = cost.work.decode_ticks(decode_prompt, steps, cs)
    empty_cost = cost.work.prefill_ticks(plan.prompt, cs)
    work_cost = (
        per_batch(cost.work.prefill_ticks(prefill, cs))
        + _product(empty, empty_cost)
        + _product(slots, decode_cost)
    )
    run_cost = shifted(work_cost, int(cost.batch * cs))
    tokens = per_batch(prefill) + _product(empty, plan.prompt) + _product(slots, steps)
    decode_time = shifted(time.work.decode_ticks(decode_prompt, steps, ts), int(time.batch * ts))
    latency = time.work.prefill_ticks(prefill, ts) + decode_time[plan.entry_batch]
    duration = np.maximum.reduceat(latency, first)
    cold_batch = _first_of_each_shape(plan)
    return Running(
        longest_prompt,
        longest_gen,
        decode_prompt,
        steps,
        slots,
        run_cost,
        tokens,
        latency,
        duration,
        cold_batch,
        first[cold_batch],
    )


def entry_groups(groups: Groups, plan: Plan) -> Ints:
    """Return the group of each entry: int64, shape (entries,)."""
    group = np.empty(len(plan.entry_row), dtype=np.int64)
    stream = plan.stream[plan.entry_batch]
    for index, of_row in enumerate(groups.row_group):
        mine = stream == index
        group[mine] = of_row[plan.entry_row[mine]]
    return group


def _first_of_each_shape(plan: Plan) -> Ints:
    """Return, for each (stream, shape), the batch that comes first in the order of ids."""
    order = np.lexsort((plan.id_rank, plan.batch, plan.gen, plan.prompt, plan.stream))
    columns = np.stack([plan.stream, plan.prompt, plan.gen, plan.batch])[:, order]
    starts = np.concatenate([[True], (np.diff(columns, axis=1) != 0).any(axis=0)])
    first: Ints = order[starts]
    return first


def _product(left: IntArray, right: IntArray) -> IntArray:
    bound = magnitude(left) * magnitude(right)
    product: IntArray = widened(left, bound) * widened(right, bound)
    return product


def _weighted_sum(values: IntArray, weight: Ints, first: Ints) -> IntArray:
    bound = magnitude(values) * sum(weight.tolist())
    total: IntArray = np.add.reduceat(widened(values, bound) * widened(weight, bound), first)
    return total
