"""Cold starts: which request of which batch comes first in a shape is the plan's choice."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from instances.exact import IntArray, widened
from instances.groups import Groups
from instances.instance import Instance
from instances.plan import Plan
from instances.running import Running, run_batches

Ints = npt.NDArray[np.int64]


def settle_cold_starts(instance: Instance, groups: Groups, plan: Plan) -> Plan:
    """Let each cold start fall on the request where the limits suffer least.

    Service latency: a request that stays on the same side of every percentile limit; then the least growth
    of the total time. Completion latency: the least growth, as late as possible. Batch ids and the order
    within a batch follow.
    """
    cold = int(instance.time.cold_start * instance.time_scale)
    if not cold or not len(plan):
        return plan
    running = run_batches(instance, groups, plan)
    latency = widened(running.latency, 2 * (int(running.latency.max()) + cold))
    growth = np.maximum(latency + cold - running.duration[plan.entry_batch], 0)
    crossed = _crossings(instance, plan, latency, cold)
    position = np.arange(len(growth))
    late = position if instance.latency == "service" else -position
    columns = np.stack([plan.stream, plan.prompt, plan.gen, plan.batch])[:, plan.entry_batch]
    order = np.lexsort((late, growth, crossed, *columns))
    starts = np.concatenate([[True], (np.diff(columns[:, order], axis=1) != 0).any(axis=0)])
    return put_first(plan, running, order[starts])


def _crossings(instance: Instance, plan: Plan, latency: IntArray, cold: int) -> Ints:
    """Count the percentile limits that each entry would come to miss by a cold start."""
    crossed = np.zeros(len(latency), dtype=np.int64)
    if instance.latency == "completion":
        return crossed
    stream = plan.stream[plan.entry_batch]
    for index, limits in enumerate([*(s.limits for s in instance.streams), instance.limits]):
        for limit in limits.latency:
            most = int(limit.most * instance.time_scale)
            misses = (latency <= most) & (latency + cold > most)
            crossed += misses & ((stream == index) | (index == len(instance.streams)))
    return crossed


def put_first(plan: Plan, running: Running, entry: Ints) -> Plan:
    """Make each given entry the first of its batch, and that batch the first of its shape by id.

    Parameters
    ----------
    plan, running
        A plan and what its batches run at.
    entry
        int64, one entry per (stream, shape) of the plan.
    """
    batch = plan.entry_batch[entry]
    rank = np.arange(len(plan), dtype=np.int64)
    usual = np.sort(running.cold_batch)
    if not np.array_equal(usual, np.sort(batch)):
        order = np.concatenate([np.sort(batch), np.setdiff1d(rank, batch)])
        rank[order] = np.arange(len(plan))
    lead = np.ones(len(plan.entry_row), dtype=np.int64)
    lead[entry] = 0
    place = np.lexsort((lead, plan.entry_batch))
    return Plan(
        plan.stream,
        plan.prompt,
        plan.gen,
        plan.batch,
        plan.copies,
        plan.entry_batch,
        plan.entry_row[place],
        plan.entry_count[place],
        rank,
        plan.defects,
    )
