"""The bound of memory prices, and the integer program that it relaxes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from milp.hindsight.rounds import RoundProblem, mc_sf, minimize_latency
from milp.hindsight.rounds.exact import solve_program
from milp.hindsight.rounds.first_schedules import smallest_volume
from milp.hindsight.rounds.lagrangian import Multipliers, best_starts, memory_bound, verify_memory_bound
from milp.hindsight.rounds.multipliers import bound_by_memory
from milp.status import Status
from tests.milp.hindsight.rounds.brute import least_latency, tiny_problems


def never() -> bool:
    """Do not stop."""
    return False


@given(tiny_problems(), st.lists(st.integers(0, 40), max_size=12), st.integers(1, 3))
@settings(max_examples=60, deadline=None)
def test_any_multipliers_give_a_lower_bound(problem: RoundProblem, value: list[int], window: int) -> None:
    """Weak duality holds for every vector of multipliers."""
    bound = memory_bound(problem, Multipliers(np.array(value, dtype=np.int64), 8, window))
    assert bound <= least_latency(problem)


@given(tiny_problems(), st.lists(st.integers(0, 40), min_size=1, max_size=9), st.integers(1, 3))
@settings(max_examples=40, deadline=None)
def test_the_closed_form_is_the_sum_over_rounds(problem: RoundProblem, value: list[int], window: int) -> None:
    """Prefix sums give what adding up round by round gives, and no other start is better."""
    multipliers = Multipliers(np.array(value, dtype=np.int64), 8, window)
    price = np.repeat(value, window).tolist()

    def cost(row: int, start: int) -> int:
        arrival, prompt, gen = (int(c[row]) for c in (problem.arrival, problem.prompt, problem.gen))
        held = [(start + age, prompt + age) for age in range(1, gen + 1)]
        paid = sum(price[k - 1] * tokens for k, tokens in held if k <= len(price))
        return 8 * (start + gen - arrival) + paid

    total, chosen = best_starts(problem, multipliers)
    costs = [cost(row, start) for row, start in enumerate(chosen.tolist())]
    assert total == sum(costs) - problem.memory * sum(price)
    for row, least in enumerate(costs):
        arrival = int(problem.arrival[row])
        assert least == min(cost(row, t) for t in range(arrival, max(arrival, len(price)) + 1))


def test_hundreds_of_requests_have_a_certified_bound() -> None:
    """Column generation bounds 300 requests with five prompts; what claims more is rejected."""
    draw = np.random.default_rng(3)
    arrival = np.sort(draw.integers(0, 400, 300))
    problem = RoundProblem(200, arrival, draw.integers(1, 6, 300), draw.integers(1, 60, 300))
    certificate = bound_by_memory(problem, never, windows=60, most=40)
    verdict = verify_memory_bound(problem, certificate)
    assert verdict.status == Status.GAP
    assert verdict.lower is not None
    assert verdict.lower > int(problem.gen.sum())
    assert verdict.upper == min(problem.latency(mc_sf(problem)), problem.latency(smallest_volume(problem)))
    forged = replace(certificate, claim=certificate.claim + 1)
    assert "less than" in (verify_memory_bound(problem, forged).reason or "")


def test_crowded_requests_are_bounded_well_from_the_start() -> None:
    """The fluid multipliers alone prove most of what is possible where hundreds wait for memory."""
    draw = np.random.default_rng(5)
    prompt, gen = draw.integers(1, 100, 400), draw.integers(1, 100, 400)
    problem = RoundProblem(500, np.sort(draw.integers(0, 800, 400)), prompt, gen)
    begin = bound_by_memory(problem, lambda: True)
    assert verify_memory_bound(problem, begin).status == Status.GAP
    few = bound_by_memory(problem, never, most=1)
    assert few.claim > 0.6 * problem.latency(few.start)
    assert begin.claim <= few.claim


def test_forged_multipliers_are_rejected() -> None:
    """Negative and huge multipliers, another problem and an infeasible schedule prove nothing."""
    problem = RoundProblem(5, np.zeros(2, np.int64), np.ones(2, np.int64), np.array([3, 2]))
    valid = bound_by_memory(problem, never)
    for value in (-1, 2**60):
        forged = replace(valid, multipliers=Multipliers(np.array([value]), 8, 1))
        assert verify_memory_bound(problem, forged).status == Status.REJECTED
    assert verify_memory_bound(replace(problem, memory=6), valid).status == Status.REJECTED
    forged = replace(valid, start=np.zeros(2, np.int64))
    assert verify_memory_bound(problem, forged).status == Status.REJECTED


def test_the_integer_program_has_the_same_optimum() -> None:
    """CP-SAT on the paper's program and the certified optimum agree; the linear bound stays below them."""
    draw = np.random.default_rng(8)
    arrival = np.array([0, 0, 0, 0, 2, 3, 5, 9])
    problem = RoundProblem(14, arrival, np.full(8, 2), draw.integers(1, 13, 8))
    best = minimize_latency(problem)
    start, upper, claimed = solve_program(problem, 30)
    assert problem.fault(start) is None
    assert upper == claimed == best.lower
    assert bound_by_memory(problem, never).claim <= best.lower
