"""Assembly of chosen batches into plans."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from heuristics import BatchChoice, Uncoverable, assemble
from instances.demand import Demand
from instances.groups import Groups, form_groups
from instances.instance import Instance, Stream
from instances.limits import LatencyLimit, Limits
from instances.metrics import evaluate
from instances.presets import preset
from instances.shapes import Shape


def static(
    prompt: list[int], gen: list[int], count: list[int], limits: Limits | None = None
) -> tuple[Instance, Groups]:
    """Return a static-graph instance of one stream and its groups."""
    demand = Demand.from_histogram(prompt, gen, count)
    instance = Instance("small", (Stream("s", demand, limits or Limits()),), **preset("static-graph"))
    return instance, form_groups(instance)


@pytest.mark.parametrize("seed", range(40))
def test_every_request_is_served_once(seed: int) -> None:
    """Groups split at random over choices of random capacity give a plan that breaks nothing."""
    r = np.random.default_rng(seed)
    number = int(r.integers(1, 12))
    columns = (r.integers(1, 300, number), r.integers(1, 9, number), r.integers(1, 40, number))
    instance, groups = static(*(column.tolist() for column in columns))
    shares = [r.multinomial(int(count), [0.5, 0.2, 0.3]) for count in groups.count]
    choices = [
        BatchChoice(0, Shape(320), np.arange(len(groups)), np.asarray([s[part] for s in shares]), None, room)
        for part, room in enumerate(r.integers(1, 30, 3).tolist())
        if sum(s[part] for s in shares)
    ]
    plan = assemble(instance, groups, choices)
    assert not evaluate(instance, plan, groups).violations
    assert plan.batches == sum(-(-int(c.amounts.sum()) // (c.capacity or 1)) for c in choices)
    assert (np.diff(plan.entry_batch) >= 0).all()
    assert (plan.sizes <= max(c.capacity or 0 for c in choices)).all()


def test_equal_batches_are_written_once() -> None:
    """A row of many requests becomes one row of the plan with copies, beside the batches at its ends."""
    instance, groups = static([10, 70], [4, 4], [1003, 10**9])
    plan = assemble(instance, groups, [BatchChoice(0, Shape(128), np.arange(2), groups.count, None, 10)])
    assert plan.copies.tolist() == [100, 1, 10**8 - 1, 1]
    assert plan.sizes.tolist() == [10, 10, 10, 3]


def test_capacity_follows_from_the_instance() -> None:
    """Without a capacity, batch size and memory limits at the lengths of the chosen groups decide."""
    instance, groups = static([64], [6], [100], Limits(max_batch_size=50, max_batch_tokens=700))
    plan = assemble(instance, groups, [BatchChoice(0, Shape(64), np.arange(1), groups.count)])
    assert plan.batches == 10
    with pytest.raises(Uncoverable, match="10 batches"):
        assemble(instance, groups, [BatchChoice(0, Shape(64), np.arange(1), groups.count, batches=9)])


def test_order_of_choices_is_plan_order() -> None:
    """Batches run in the order in which they were chosen."""
    instance, groups = static([64, 128], [1, 1], [1, 1])
    each = [BatchChoice(0, Shape(128), np.asarray([g]), np.asarray([1])) for g in (1, 0)]
    assert assemble(instance, groups, each).entry_row.tolist() == [1, 0]


def test_more_than_there_is_is_refused() -> None:
    """Taking a request twice is an error of the caller."""
    instance, groups = static([64], [1], [3])
    choice = BatchChoice(0, Shape(64), np.arange(1), groups.count)
    with pytest.raises(ValueError, match="more requests"):
        assemble(instance, groups, [choice, choice])


def test_cold_start_falls_on_a_request_that_is_late_anyway() -> None:
    """A cold start that would push the median over its limit goes to a slow request."""
    instance, groups = static([64, 6400], [1, 200], [1, 1])
    each = [BatchChoice(0, Shape(6400), np.asarray([g]), np.asarray([1])) for g in (0, 1)]
    metrics = evaluate(instance, assemble(instance, groups, each), groups).streams[0]
    without_cold = metrics.latency["p50"] - instance.time.cold_start
    limits = Limits(latency=(LatencyLimit(without_cold, Fraction(1, 2)),))
    limited = replace(instance, streams=(replace(instance.streams[0], limits=limits),))
    plan = assemble(limited, groups, each)
    assert plan.id_rank.tolist() == [1, 0]
    assert evaluate(limited, plan, groups).feasible
