"""Percentiles and several metrics in order, against every plan there is."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from instances.named_limits import LimitName, limited
from instances.question import Question
from milp import Status, lexicographic, minimize, verify
from tests.oracle import best_plan
from tests.oracle.least import least
from tests.strategies import random_instance

SEEDS = range(8)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("metric", ["p50", "p95"])
def test_the_least_percentile_is_between_a_plan_and_a_proof(seed: int, metric: str) -> None:
    """Some plan keeps to the value, none to a tick under the bound, and the certificate says just that."""
    instance = random_instance(seed, requests=4)
    result = minimize(instance, metric, time_limit=20.0)
    if best_plan(instance) is None:
        assert result.status is Status.INFEASIBLE or instance.latency == "completion"
        return
    name, tick = LimitName(metric), Fraction(1, instance.time_scale)
    assert result.value is not None
    assert result.lower_bound is not None
    assert best_plan(limited(instance, name, result.value)) is not None
    if result.lower_bound >= tick:
        assert best_plan(limited(instance, name, result.lower_bound - tick)) is None
        assert result.certificate is not None
        asked = result.certificate.question
        assert asked == Question(None, {name: result.lower_bound - tick})
        assert verify(asked.about(instance), result.certificate).status is Status.INFEASIBLE
    assert result.value == result.lower_bound or instance.latency == "completion"


@pytest.mark.parametrize("seed", SEEDS)
def test_each_metric_is_least_among_the_plans_that_are_best_before(seed: int) -> None:
    """Shapes first, then batches, then the cost: every step is the oracle's least under those before."""
    instance = replace(random_instance(seed, requests=4), latency="service")
    steps = lexicographic(instance, ["shapes", "batches", "cost"], time_limit=30.0)
    asked = instance
    for step in steps:
        expected = least(asked, step.metric)
        assert step.result.value == expected
        if expected is None:
            return
        name = LimitName("max_shapes" if step.metric == "shapes" else step.metric)
        if step.metric != "cost":
            asked = limited(asked, name, expected)
    assert len(steps) == 3
