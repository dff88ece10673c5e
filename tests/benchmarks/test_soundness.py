"""What the benchmark of soundness compares."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from benchmarks import soundness
from benchmarks.soundness import Truth, mistake, table, trial, truth_of
from milp import Status, solve
from tests.oracle import best_plan
from tests.strategies import random_instance

pytestmark = pytest.mark.filterwarnings("ignore:PULP_CBC_CMD is deprecated:DeprecationWarning")


def test_instances_of_both_kinds_are_compared() -> None:
    """Small instances are compared with every plan, larger ones with solvers; nothing is wrong."""
    trials = [trial(seed, time_limit=5.0) for seed in range(8)]
    assert {one.compared for one in trials} == {"every plan", "solvers"}
    assert not [one.failure for one in trials if one.failure]
    assert "8 instances" in table(trials)


def test_solvers_never_know_better_than_all_plans(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where every plan can be tried, what the solvers are taken to prove is the optimum."""
    monkeypatch.setattr(soundness, "EXHAUSTIBLE", 0)
    for seed in range(12):
        instance = random_instance(seed)
        truth, compared = truth_of(instance, 5.0)
        assert compared == "solvers"
        best = best_plan(instance)
        if truth.known is not None:
            assert best is not None
            assert truth.known >= best.cost
        if truth.proven:
            assert truth.known == (None if best is None else best.cost)


def test_mistakes_are_noticed() -> None:
    """A result beside a cheaper plan, another optimum, or a plan where it says that there is none."""
    results = {}
    for seed in range(40):
        instance = random_instance(seed)
        result = solve(instance, time_limit=5.0)
        results.setdefault(result.status, (instance, result))
        if {Status.OPTIMAL, Status.INFEASIBLE} <= results.keys():
            break
    instance, result = results[Status.OPTIMAL]
    assert result.cost is not None
    assert mistake(instance, result, Truth(result.cost, True)) is None
    less = result.cost - Fraction(1, 10**9)
    assert "over a plan" in (mistake(instance, result, Truth(less, False)) or "")
    assert "where the optimum" in (mistake(instance, result, Truth(result.cost + 1, True)) or "")
    assert "where the optimum is None" in (mistake(instance, result, Truth(None, True)) or "")
    certificate = result.certificate
    assert certificate is not None
    raised = replace(certificate, lower_bound=result.cost + 1)
    assert "rejected" in (
        mistake(instance, replace(result, certificate=raised), Truth(result.cost, True)) or ""
    )
    instance, result = results[Status.INFEASIBLE]
    assert mistake(instance, result, Truth(None, True)) is None
    assert "there is a plan" in (mistake(instance, result, Truth(Fraction(5), False)) or "")
