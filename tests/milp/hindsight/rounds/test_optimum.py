"""The proven optimum of continuous batching in rounds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from milp.hindsight.rounds import Effort, RoundProblem, mc_sf, minimize_latency, verify_rounds
from milp.hindsight.rounds.backward import Backward
from milp.hindsight.rounds.groups import group
from milp.hindsight.rounds.states import TooManyStates, enumerate_states
from milp.hindsight.rounds.sublimation import decide
from milp.hindsight.rounds.values import plain_values
from milp.status import Status
from tests.milp.hindsight.rounds.brute import least_latency, tiny_problems


@given(tiny_problems())
@settings(max_examples=60, deadline=None)
def test_the_optimum_is_that_of_all_starts(problem: RoundProblem) -> None:
    """Schedule, bound and certificate agree with trying everything, for any arrivals and prompts."""
    best = minimize_latency(problem)
    assert best.upper == best.lower == least_latency(problem)
    assert problem.fault(best.start) is None
    assert verify_rounds(problem, best.certificate).status == Status.OPTIMAL


@given(tiny_problems(), st.data())
@settings(max_examples=60, deadline=None)
def test_any_prices_give_a_lower_bound(problem: RoundProblem, data: st.DataObject) -> None:
    """Weak duality holds for every vector of prices, of either sign."""
    groups = group(problem)
    states = enumerate_states(problem.memory, groups, 10_000)
    price = data.draw(
        st.lists(st.integers(-200, 400), min_size=len(groups.count), max_size=len(groups.count))
    )
    program = Backward(groups, states, np.array(price, dtype=np.int64), 16)
    bound = program.constant + plain_values(program).whole
    assert bound <= 16 * (least_latency(problem) + int(problem.arrival.sum()))


@given(tiny_problems(), st.data())
@settings(max_examples=40, deadline=None)
def test_claims_are_decided_rightly_under_any_prices(problem: RoundProblem, data: st.DataObject) -> None:
    """A schedule below a claim is found if and only if there is one, and is the best, under any prices."""
    groups = group(problem)
    states = enumerate_states(problem.memory, groups, 10_000)
    price = data.draw(st.lists(st.integers(0, 200), min_size=len(groups.count), max_size=len(groups.count)))
    program = Backward(groups, states, np.array(price, dtype=np.int64), 16)
    least = least_latency(problem) + int(problem.arrival.sum())
    claim = least + data.draw(st.integers(-3, 5))
    decision = decide(program, plain_values(program), claim, 10**6, lambda: None)
    assert (decision.path is None) == (claim <= least)
    if decision.path is not None:
        assert sum(round_ for round_, _ in decision.path.completions) == least


def test_a_random_instance_of_the_paper_is_proven() -> None:
    """Twenty requests of the published kind, all at once: MC-SF is above the optimum."""
    draw = np.random.default_rng(5)
    gen = draw.integers(1, 29, 20)
    problem = RoundProblem(30, np.zeros(20, np.int64), np.full(20, 2), gen)
    best = minimize_latency(problem)
    verdict = verify_rounds(problem, best.certificate)
    assert (verdict.status, verdict.lower) == (Status.OPTIMAL, best.upper)
    assert best.root <= best.upper < problem.latency(mc_sf(problem))


def test_without_time_the_bound_is_still_certified() -> None:
    """Out of time after the first prices, the gap between MC-SF and their bound is certified."""
    draw = np.random.default_rng(6)
    problem = RoundProblem(25, np.zeros(15, np.int64), np.full(15, 3), draw.integers(1, 22, 15))
    best = minimize_latency(problem, Effort(seconds=0, width=0, local_seconds=0))
    verdict = verify_rounds(problem, best.certificate)
    assert verdict.status == Status.GAP
    assert (verdict.lower, verdict.upper) == (best.lower, problem.latency(mc_sf(problem)))


def test_a_beam_improves_on_mc_sf(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing is proven, a thousand rows per layer give a schedule that beats MC-SF, and is valid."""
    monkeypatch.setattr("milp.hindsight.rounds.optimum.improved", lambda problem, start, *_: start)
    draw = np.random.default_rng(6)
    problem = RoundProblem(25, np.zeros(15, np.int64), np.full(15, 3), draw.integers(1, 22, 15))
    best = minimize_latency(problem, Effort(seconds=0))
    assert problem.fault(best.start) is None
    assert best.lower <= best.upper == problem.latency(best.start) < problem.latency(mc_sf(problem))


def test_few_keys_per_stage_give_a_gap_through_stages_of_one_length() -> None:
    """Claims that take too many keys are halved, lengths counted one by one; what is left is certified."""
    draw = np.random.default_rng(6)
    arrival = np.sort(draw.integers(0, 20, 25))
    problem = RoundProblem(25, arrival, np.full(25, 3), draw.integers(1, 22, 25))
    best = minimize_latency(problem, Effort(nodes=1000, local_seconds=0))
    verdict = verify_rounds(problem, best.certificate)
    assert (verdict.status, verdict.lower, verdict.upper) == (Status.GAP, best.lower, best.upper)
    assert best.root < best.lower
    assert {len(stage) for stage in best.certificate.stages[1:]} == {1}


@pytest.mark.parametrize("few", [0, 10**9])
def test_any_order_of_counting_proves_the_optimum(few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Shortest lengths or only those that are wrong: the same claim is refuted."""
    draw = np.random.default_rng(6)
    arrival = np.sort(draw.integers(0, 20, 25))
    problem = RoundProblem(25, arrival, np.full(25, 3), draw.integers(1, 22, 25))
    monkeypatch.setattr("milp.hindsight.rounds.sublimation.FEW", few)
    best = minimize_latency(problem)
    verdict = verify_rounds(problem, best.certificate)
    assert (verdict.status, verdict.lower, verdict.upper) == (Status.OPTIMAL, 1664, 1664)
    counted = [name for stage in best.certificate.stages for name in stage]
    assert (counted[:2] == [(3, 1), (3, 2)]) == (few == 0)


def test_too_many_states_are_refused() -> None:
    """A memory too large for all states is refused before anything is searched."""
    problem = RoundProblem(200, np.zeros(3, np.int64), np.ones(3, np.int64), np.array([100, 90, 80]))
    with pytest.raises(TooManyStates, match="more than 300000 states"):
        minimize_latency(problem)
