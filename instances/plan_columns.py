"""Whether the columns of a plan hang together, before anything is computed from them."""

from __future__ import annotations

import numpy as np

from instances.exact import exact_dot
from instances.instance import Instance
from instances.plan import Plan

MOST_TIMED_BATCHES = 10**8
"""Batches whose completion times fit into memory, one by one."""


def malformed_columns(instance: Instance, plan: Plan) -> str | None:
    """Return what is wrong with the columns of a plan from an untrusted source; None if nothing is.

    Columns that pass can be handed to `evaluate`, which then finds whatever else is wrong with the plan.
    """
    batches, entries = len(plan.stream), len(plan.entry_row)
    per_batch = (plan.prompt, plan.gen, plan.batch, plan.copies, plan.id_rank)
    per_entry = (plan.entry_batch, plan.entry_count)
    if any(len(c) != batches for c in per_batch) or any(len(c) != entries for c in per_entry):
        return "its columns differ in length"
    if not batches:
        return "it has no batches"
    if ((plan.stream < 0) | (plan.stream >= len(instance.streams))).any():
        return "it names a stream that there is not"
    largest = 2**31
    for name in ("prompt", "gen", "batch"):
        column = getattr(plan, name)
        if ((column < 0) | (column > largest)).any():
            return f"its {name} sizes are out of range"
    if not np.array_equal(np.sort(plan.id_rank), np.arange(batches)):
        return "its id ranks are no permutation"
    steps = np.diff(plan.entry_batch)
    if entries < batches:
        return "it has batches without entries"
    ends = plan.entry_batch[0], plan.entry_batch[-1]
    if ends != (0, batches - 1) or ((steps < 0) | (steps > 1)).any():
        return "its entries do not follow its batches"
    if (plan.copies < 1).any() or (plan.entry_count < 1).any():
        return "a batch or an entry stands for nothing"
    rows = np.asarray([stream.demand.rows for stream in instance.streams])
    stream = plan.stream[plan.entry_batch]
    if ((plan.entry_row < 0) | (plan.entry_row >= rows[stream])).any():
        return "it names a row that there is not"
    requests = np.asarray([stream.demand.requests for stream in instance.streams])[stream]
    if (plan.entry_count > requests // plan.copies[plan.entry_batch]).any():
        return "it serves more requests than there are"
    # Sums of counts are in int64 from here on, which only this keeps from wrapping around.
    if exact_dot(plan.entry_count, plan.copies[plan.entry_batch]) > instance.requests:
        return "it serves more requests than there are"
    if instance.latency == "completion" and sum(plan.copies.tolist()) > MOST_TIMED_BATCHES:
        return f"completion times of more than {MOST_TIMED_BATCHES} batches are not computed"
    return None
