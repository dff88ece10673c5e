"""Schedules from orders: feasible by the definition, and never worse than what they began with."""

from __future__ import annotations

from itertools import permutations

import numpy as np
from hypothesis import given, settings

from heuristics.schedulers.rounds import policy, simulate
from instances.serving import Arrivals
from instances.serving.round_columns import served
from instances.serving.round_device import unit_rounds
from milp.hindsight.rounds import RoundProblem, mc_sf
from milp.hindsight.rounds.local_search import as_early_as_possible, improved
from tests.milp.hindsight.rounds.brute import least_latency, tiny_problems


@settings(max_examples=60)
@given(tiny_problems())
def test_some_order_gives_the_optimum(problem: RoundProblem) -> None:
    """Of all orders, each of which gives a feasible schedule; starting requests early loses nothing."""
    schedules = [as_early_as_possible(problem, np.array(o)) for o in permutations(range(problem.requests))]
    assert [problem.fault(start) for start in schedules] == [None] * len(schedules)
    assert min(map(problem.latency, schedules)) == least_latency(problem)


@settings(max_examples=60)
@given(tiny_problems())
def test_mc_sf_is_the_policy_of_that_name(problem: RoundProblem) -> None:
    """What the search begins with is what the simulator's policy does in rounds of equal length."""
    order = np.argsort(problem.arrival, kind="stable")
    sorted_ = RoundProblem(problem.memory, problem.arrival[order], problem.prompt[order], problem.gen[order])
    arrivals = Arrivals.of(sorted_.arrival, sorted_.prompt, sorted_.gen)
    device = unit_rounds(problem.memory, problem.requests)
    completion = served(device, simulate(arrivals, device, 1, policy("mc-sf"))).completion
    assert (mc_sf(sorted_) + sorted_.gen - sorted_.arrival[0] == completion).all()


def test_the_search_improves_on_mc_sf_and_stops_when_it_is_told() -> None:
    """On a crowded instance: better, feasible, the same for a seed; not begun if the first is enough."""
    rng = np.random.default_rng(3)
    problem = RoundProblem(40, np.sort(rng.integers(0, 40, 40)), np.full(40, 2), rng.integers(1, 39, 40))
    first = mc_sf(problem)

    def search(enough: int = 0) -> np.ndarray:
        trials = iter(range(400))
        return improved(problem, first, lambda: next(trials, None) is None, enough)

    better = search()
    assert problem.fault(better) is None
    assert problem.latency(better) < problem.latency(first)
    assert (search() == better).all()
    assert search(problem.latency(first)) is first
