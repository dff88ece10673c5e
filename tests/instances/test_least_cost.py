"""What every plan pays, by counting: never more than any plan there is."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from math import isqrt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instances.budgets import alignment
from instances.demand import Demand
from instances.instance import Instance, Stream
from instances.least_cost import least_batches, least_cost, most_shapes, needed_corners
from instances.metrics import evaluate
from instances.presets import preset
from tests.oracle import best_plan
from tests.strategies import SEEDS, instances, random_instance, random_plan


@settings(max_examples=25)
@given(instances(requests=5), SEEDS)
def test_no_plan_pays_less_or_has_fewer_batches(instance, seed):
    """Every part of a plan's cost, and each stream's cost, is at least what counting says."""
    plan = random_plan(instance, seed)
    if plan is None:
        return
    evaluation = evaluate(instance, plan)
    least, parts = least_cost(instance), evaluation.cost_parts
    assert least.work <= parts["work"]
    assert least.batches <= parts["batches"]
    assert least.with_shapes(len(plan.shapes), parts["count"]) <= evaluation.cost
    assert least.cover + max(0, len(plan.shapes) - least.covering) * least.further <= parts["compile"]
    for stream, metrics in enumerate(evaluation.streams):
        assert least_batches(instance, stream) <= metrics.batches
        assert least_cost(instance, stream).with_shapes(metrics.shapes, Fraction(0)) <= metrics.cost


@settings(max_examples=25)
@given(instances(requests=5), SEEDS)
def test_no_plan_within_the_cost_has_more_shapes(instance, seed):
    """At its own cost as the limit, a plan has at most as many shapes as the bound says."""
    plan = random_plan(instance, seed)
    if plan is None:
        return
    evaluation = evaluate(instance, plan)
    assert len(plan.shapes) <= most_shapes(instance, evaluation.cost)
    for stream, metrics in enumerate(evaluation.streams):
        assert metrics.shapes <= most_shapes(instance, metrics.cost, stream)


@settings(max_examples=25)
@given(instances(requests=5), SEEDS)
def test_every_plan_has_the_shapes_that_are_needed(instance, seed):
    """Some shape of a stream's batches reaches each of the sizes, and none of these is within another."""
    plan = random_plan(instance, seed)
    for stream in range(len(instance.streams)):
        needed = needed_corners(instance, stream)
        for one in needed:
            assert not any(p >= one[0] and g >= one[1] for p, g in needed if (p, g) != one)
        if plan is not None:
            used = [(s.prompt, s.gen) for s in plan.shapes]
            assert all(any(p >= one[0] and g >= one[1] for p, g in used) for one in needed)


@pytest.mark.parametrize("seed", range(8))
def test_no_limit_under_the_least_cost_can_be_met(seed):
    """The oracle's optimum costs at least the least cost, and a limit that leaves no shape has no plan."""
    instance = random_instance(seed, requests=5)
    best = best_plan(instance)
    if best is None:
        return
    assert least_cost(instance).with_shapes(1, Fraction(0)) <= best.cost
    limit = best.cost - Fraction(1, instance.cost_scale)
    bound = most_shapes(instance, best.cost)
    assert bound is not None
    assert (most_shapes(instance, limit) or 0) <= bound


@given(st.integers(1, 10**7), st.integers(1, 9))
def test_of_a_token_model_the_bound_is_a_square_root(limit, count_cost):
    """⌊√((limit − base − c·tokens)/c_shape)⌋, tokens aligned, up to the number of requests."""
    demand = Demand.from_histogram([100, 300, 700], [20, 90, 33], [50, 30, 20])
    model = preset("token", (64, 32), Fraction(count_cost * 100))
    instance = Instance("tokens", (Stream("s", demand),), **model)
    tokens = demand.real_tokens + alignment(instance).tokens
    unit = instance.cost.work.prefill[1]
    room = limit - instance.cost.base - unit * tokens
    expected = isqrt(int(room / (count_cost * 100))) if room >= 0 else 0
    assert (most_shapes(instance, Fraction(limit)) or 0) == min(100, expected)


def test_the_number_of_shapes_stays_limited():
    """Where costs leave many shapes, the instance's own limit is the answer."""
    demand = Demand.from_histogram([100, 300, 700], [20, 90, 33], [50, 30, 20])
    instance = Instance("tokens", (Stream("s", demand),), **preset("token", (64, 32)))
    assert most_shapes(instance, Fraction(10**9)) == 100
    assert most_shapes(replace(instance, max_shapes=4), Fraction(10**9)) == 4
    assert most_shapes(instance, Fraction(10)) is None
