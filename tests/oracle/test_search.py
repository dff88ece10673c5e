"""The oracle's optimum: equal to a bare enumeration, never above a plan, untouched by larger sizes."""

from __future__ import annotations

import pytest

from instances.metrics import evaluate
from tests.oracle import best_plan, candidate_shapes, relaxations
from tests.oracle.naive import least_cost
from tests.strategies import random_instance, random_plan


@pytest.mark.parametrize("block", range(6))
def test_search_equals_bare_enumeration(block: int) -> None:
    """Pruning, interchangeable requests and ordered choices lose no plan: three requests, all tried."""
    compared = 0
    for seed in range(50 * block, 50 * block + 50):
        instance = random_instance(seed, requests=3)
        if len(candidate_shapes(instance)) <= (8 if instance.requests < 3 else 3):
            best = best_plan(instance)
            assert (None if best is None else best.cost) == least_cost(instance), f"seed {seed}"
            compared += 1
    assert compared > 10


@pytest.mark.parametrize("block", range(5))
def test_optimum_is_a_sound_plan_below_all_others(block: int) -> None:
    """The oracle's plan is feasible by the package's metrics too, and no random feasible plan costs less."""
    for seed in range(20 * block, 20 * block + 20):
        instance = random_instance(seed, requests=6)
        best = best_plan(instance)
        if best is not None:
            evaluation = evaluate(instance, best.plan)
            assert evaluation.feasible
            assert evaluation.cost == best.cost
        for number in range(20):
            plan = random_plan(instance, number)
            evaluation = None if plan is None else evaluate(instance, plan)
            if evaluation is not None and evaluation.feasible:
                assert best is not None
                assert evaluation.cost is not None
                assert best.cost <= evaluation.cost


def test_larger_sizes_change_nothing() -> None:
    """Sizes beyond the first that holds every length never lower the optimum."""
    for seed in range(60):
        instance = random_instance(seed, requests=5)
        best, more = best_plan(instance), best_plan(instance, extra=1)
        assert (None if best is None else best.cost) == (None if more is None else more.cost)


def test_random_instances_exercise_limits() -> None:
    """The generator does its work: many limits bind, few instances are infeasible, both kinds occur."""
    infeasible, binding = 0, 0
    for seed in range(80):
        instance = random_instance(seed)
        best = best_plan(instance)
        infeasible += best is None
        for _, relaxed in relaxations(instance) if best is not None else []:
            without = best_plan(relaxed)
            assert without is not None
            assert without.cost <= best.cost
            binding += without.cost < best.cost
    assert 4 < infeasible < 40
    assert binding > 10
