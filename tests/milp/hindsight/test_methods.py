"""Each ingredient of a bound is what its page says: compared with something slower."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import combinations, pairwise, permutations

import highspy
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instances.serving import Arrivals, BatchDevice
from milp.hindsight.batches.busy_time import FINENESS, least_mean_busy_times
from milp.hindsight.batches.case import BatchCase
from milp.hindsight.batches.device_prices import Prices, kinds_of_batches, mean_latency_by_device_prices
from milp.hindsight.batches.device_time import least_grouping
from milp.hindsight.batches.memory_prices import memory_prices
from milp.hindsight.batches.shares import shares
from milp.hindsight.problem import HindsightProblem
from milp.hindsight.relaxations.remaining_work import least_total_completion
from milp.hindsight.relaxations.windows import OnTime, candidates, most_on_time
from milp.hindsight.relaxations.windows_search import find_windows
from milp.hindsight.units import UNITS
from tests.milp.hindsight.problems import problems, random_problem


@settings(max_examples=80)
@given(problems(6), st.lists(st.integers(1, 2**34), max_size=3), st.none() | st.integers(1, 10**8))
def test_shares_of_a_batch_fit_into_it(
    problem: HindsightProblem, prices: list[int], within: int | None
) -> None:
    """For every batch that respects cap, memory and time, whatever the prices; and w is nondecreasing."""
    case = BatchCase(problem)
    table = shares(case, tuple(prices), within)
    assert (np.diff(table) >= 0).all()
    assert not len(table) or table[0] >= 0
    tokens = problem.arrivals.tokens
    for size in range(1, problem.device.max_batch_size + 1):
        for batch in map(list, combinations(range(len(tokens)), size)):
            taken = case.device.duration(size, int(tokens[batch].max()))
            if tokens[batch].sum() > case.device.kv_tokens or (within is not None and taken > within):
                continue
            assert sum(int(table[case.row[i]]) for i in batch) <= taken * UNITS


def test_memory_prices_pay() -> None:
    """Where memory binds, shares with prices add up to more than even shares, and to less than a packing."""
    case = BatchCase(random_problem(3, 300))
    even, priced = (
        int(shares(case, prices)[case.row].sum()) // UNITS for prices in ((), memory_prices(case))
    )
    longest_first = np.sort(case.arrivals.tokens)[::-1].tolist()
    batches: list[list[int]] = [[]]
    for length in longest_first:
        if sum(batches[-1]) + length > case.device.kv_tokens or len(batches[-1]) == 8:
            batches.append([])
        batches[-1].append(length)
    packed = sum(case.device.duration(len(batch), batch[0]) for batch in batches)
    assert even * 1.05 < priced <= packed


@settings(max_examples=60)
@given(problems(6))
def test_grouping_is_the_least_device_time_without_memory(problem: HindsightProblem) -> None:
    """The shortest path finds the best of all partitions into batches of at most the cap."""
    free = BatchDevice(
        problem.device.fixed,
        problem.device.per_token,
        problem.device.sharing,
        10**6,
        problem.device.max_batch_size,
    )
    case = BatchCase(HindsightProblem(problem.arrivals, free))
    assert least_grouping(case, case.row) == _least_partition(problem.arrivals.tokens.tolist(), free)


def _least_partition(lengths: list[int], device: BatchDevice) -> int:
    if not lengths:
        return 0
    first, rest = lengths[0], lengths[1:]
    return min(
        device.duration(size + 1, max(first, *(rest[i] for i in others), first))
        + _least_partition([rest[i] for i in range(len(rest)) if i not in others], device)
        for size in range(min(len(rest), device.max_batch_size - 1) + 1)
        for others in combinations(range(len(rest)), size)
    )


works = st.lists(st.tuples(st.integers(0, 12), st.integers(1, 6)), min_size=1, max_size=5)


@given(works)
def test_one_fast_machine_by_priorities(jobs: list[tuple[int, int]]) -> None:
    """Least remaining work and least work first are the best of all orders of priority, for their aims.

    Some order of priority is optimal for either: that of the completions, and that of the weights.
    """
    arrivals = Arrivals.of([r for r, _ in jobs], [1] * len(jobs), [1] * len(jobs))
    order = np.argsort([r for r, _ in jobs], kind="stable")
    work = np.array([w for _, w in jobs])[order]
    case = BatchCase(HindsightProblem(arrivals, BatchDevice()))
    runs = [_pieces(arrivals.arrival.tolist(), work.tolist(), p) for p in permutations(range(len(work)))]
    ends = min(sum(pieces[-1] + 1 for pieces in run) for run in runs)
    assert least_total_completion(case, work, 1) == ends
    # A piece from t to t + 1 is busy at t + 1/2, on average.
    busy = min(sum(Fraction(2 * sum(p) + len(p), 2 * len(p)) for p in run) for run in runs)
    found = Fraction(least_mean_busy_times(case, work, 1), FINENESS)
    assert busy - Fraction(len(work), FINENESS) < found <= busy


def _pieces(arrival: list[int], work: list[int], priority: tuple[int, ...]) -> list[list[int]]:
    """Return the units of time in which each job runs, the first in `priority` that waits always first."""
    left, now, pieces = work.copy(), 0, [[] for _ in work]  # type: ignore[var-annotated]
    while any(left):
        for job in priority:
            if left[job] and arrival[job] <= now:
                left[job] -= 1
                pieces[job].append(now)
                break
        now += 1
    return pieces


@settings(max_examples=40)
@given(
    st.lists(st.integers(0, 30), min_size=1, max_size=4),
    st.lists(st.integers(0, 60), min_size=3, max_size=3, unique=True).map(sorted),
    st.lists(st.integers(0, 9), min_size=2, max_size=2),
)
def test_steps_are_the_cheapest_starts(arrival: list[int], time: list[int], price: list[int]) -> None:
    """No start in whole ns is cheaper than those at steps of the price and at arrivals."""
    ns = Fraction(1, 10**6)
    device = BatchDevice(3 * ns, ns, Fraction(1, 2), 40, 3)
    tokens = [4 + i for i in range(len(arrival))]
    case = BatchCase(HindsightProblem(Arrivals.of(arrival, tokens, [1] * len(tokens)), device))
    prices = Prices.of(tuple(time), tuple(price), 2)
    until = [
        sum(price[k] * (min(max(t, a), d) - a) for k, (a, d) in enumerate(pairwise(time))) for t in range(200)
    ]
    kinds = [list(zip(*map(np.ndarray.tolist, own), strict=True)) for own in kinds_of_batches(case)]
    ends = -until[-1]
    for first, row in zip(case.arrivals.arrival.tolist(), case.row.tolist(), strict=True):
        ends += min(
            2 * (s + p) + (until[s + p] - until[s]) * top // bottom
            for s in range(first, 120)
            for p, top, bottom in kinds[row]
        )
    expected = Fraction(-(-ends // 2) - sum(arrival) + len(arrival) * min(arrival), len(arrival))
    assert mean_latency_by_device_prices(case, prices) == expected


@pytest.mark.parametrize(("seed", "devices"), [(0, 1), (1, 2), (2, 1), (3, 3), (4, 1)])
def test_windows_reach_the_linear_program(seed: int, devices: int) -> None:
    """The greedy windows bound the number on time as well as the program over all windows does."""
    problem = random_problem(seed, 60, devices)
    case = BatchCase(replace(problem, arrivals=problem.arrivals.faster(Fraction(4 * devices))))
    assert problem.service_level is not None
    requests = candidates(case, problem.service_level.of(case.arrivals.priority), memory_prices(case))
    found, best = most_on_time(requests, find_windows(requests)), _program(requests)
    assert len(requests.arrival) > best
    assert int(best - 1e-6) <= found <= int(best + 1e-3)


def _program(requests: OnTime) -> float:
    """Return the value of max Σ y_i over all windows from an arrival to a deadline."""
    count = len(requests.arrival)
    share = requests.share.astype(float) / UNITS / 1e6
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    for _ in range(count):
        solver.addCol(-1.0, 0.0, 1.0, 0, np.zeros(0, dtype=np.int32), np.zeros(0))
    for start in np.unique(requests.arrival):
        for end in np.unique(requests.deadline[requests.arrival >= start]):
            inside = np.flatnonzero((requests.arrival >= start) & (requests.deadline <= end)).astype(np.int32)
            room = requests.devices * (end - start) / 1e6
            if share[inside].sum() > room:
                solver.addRow(-highspy.kHighsInf, room, len(inside), inside, share[inside])
    solver.run()
    return -float(solver.getInfo().objective_function_value)
