"""All streams together, and one stream at a time: what it costs to forget that shapes are shared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from heuristics.errors import Uncoverable
from heuristics.greedy import greedy
from heuristics.result import badness
from heuristics.room import refuse_too_long
from instances.groups import Groups, form_groups
from instances.instance import Instance
from instances.metrics import evaluate
from instances.plan import Plan


def joint(instance: Instance, groups: Groups) -> Plan:
    """Return the plan of the inner heuristic, greedy, for all streams together.

    Raises
    ------
    Uncoverable
        If no plan was found that is structurally valid.
    """
    return greedy(instance, groups)


def stream_by_stream(instance: Instance, groups: Groups) -> Plan:
    """Return the plan in which the inner heuristic, greedy, sees one stream at a time.

    The allowed number of shapes is split evenly, or each stream gets what those before it have left, less one
    for each that follows; the better plan is kept. What a stream cannot know of the others it ignores: limits
    on the cost and the total time of all, and what the shapes of others add to the cost of their number.

    Raises
    ------
    Uncoverable
        If a stream has no structurally valid plan, or there are fewer shapes than streams.
    """
    refuse_too_long(instance, groups)
    number, limit = len(instance.streams), instance.shape_limit
    if limit is not None and limit < number:
        raise Uncoverable(f"{number} streams, each with shapes of its own, but {limit} shapes in all")
    ways = [_one_after_another(instance, split=False)]
    if limit is not None and number > 1:
        ways.append(_one_after_another(instance, split=True))
    return min(ways, key=lambda plan: badness(evaluate(instance, plan, groups)))


def _one_after_another(instance: Instance, *, split: bool) -> Plan:
    limit, number = instance.shape_limit, len(instance.streams)
    plans: list[Plan] = []
    for stream in range(number):
        used = len({shape for plan in plans for shape in plan.shapes})
        budget = None
        if limit is not None:
            even = limit // number + (stream < limit % number)
            budget = even if split else limit - used - (number - stream - 1)
        alone = _alone(instance, stream, budget)
        plans.append(greedy(alone, form_groups(alone)))
    return _joined(plans)


def _alone(instance: Instance, stream: int, budget: int | None) -> Instance:
    """Return the instance of one stream, with as many shapes as it is given."""
    limits = replace(instance.limits, cost=None, total_time=None)
    return replace(instance, streams=(instance.streams[stream],), limits=limits, max_shapes=budget)


def _joined(plans: Sequence[Plan]) -> Plan:
    """Return the plan that runs the plans of single streams one after another."""
    starts = np.cumsum([0, *(len(plan) for plan in plans)])[:-1].tolist()

    def column(name: str, shift: Sequence[int] | None = None) -> np.ndarray:
        added = [0] * len(plans) if shift is None else shift
        return np.concatenate([getattr(plan, name) + more for plan, more in zip(plans, added, strict=True)])

    return Plan(
        stream=column("stream", range(len(plans))),
        prompt=column("prompt"),
        gen=column("gen"),
        batch=column("batch"),
        copies=column("copies"),
        entry_batch=column("entry_batch", starts),
        entry_row=column("entry_row"),
        entry_count=column("entry_count"),
        id_rank=column("id_rank", starts),
    )
