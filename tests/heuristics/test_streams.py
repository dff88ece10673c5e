"""All streams together against one at a time."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

import heuristics
from heuristics.result import badness
from instances.demand import Demand
from instances.instance import Instance, Stream
from instances.presets import preset
from tests.heuristics.small import random_instance


def test_one_stream_is_the_same_both_ways() -> None:
    """With a single stream there is nothing to get wrong: both are greedy."""
    r = np.random.default_rng(0)
    demand = Demand.from_requests(r.integers(1, 900, 80), r.integers(1, 90, 80))
    instance = Instance("one", (Stream("s", demand),), max_shapes=3, **preset("honest-static-graph"))
    plans = [heuristics.run(name, instance) for name in ("greedy", "joint", "stream-by-stream")]
    assert len({badness(plan.evaluation) for plan in plans}) == 1


def test_a_shared_budget_is_better_spent_together() -> None:
    """Two streams of the same lengths and four shapes: together both use all four, apart two each."""
    r = np.random.default_rng(1)
    streams = tuple(
        Stream(name, Demand.from_requests(r.integers(1, 40, 60) * 64, r.integers(1, 30, 60)))
        for name in ("a", "b")
    )
    instance = Instance("two", streams, max_shapes=4, **preset("honest-static-graph"))
    together, apart = (heuristics.run(name, instance) for name in ("joint", "stream-by-stream"))
    assert together.evaluation.cost is not None
    assert apart.evaluation.cost is not None
    assert together.evaluation.cost < apart.evaluation.cost * Fraction(98, 100)


@pytest.mark.parametrize("seed", range(0, 60, 4))
def test_budgets_add_up(seed: int) -> None:
    """Whatever the flags, plans of single streams make a plan that keeps to the shapes allowed."""
    instance = random_instance(seed)
    try:
        result = heuristics.run("stream-by-stream", instance)
    except heuristics.Uncoverable:
        return
    assert not [v for v in result.evaluation.violations if v.is_structural]


def test_fewer_shapes_than_streams_are_refused() -> None:
    """One shape cannot be dealt out to two streams that do not know of each other."""
    streams = tuple(Stream(name, Demand.from_requests([5], [5])) for name in ("a", "b"))
    instance = Instance("two", streams, max_shapes=1, **preset("static-graph"))
    with pytest.raises(heuristics.Uncoverable, match="2 streams"):
        heuristics.run("stream-by-stream", instance)
