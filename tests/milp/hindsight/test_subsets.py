"""The search through all sets of requests finds the least mean latency, and proves it."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings

from instances.errors import InputError
from instances.serving import Arrivals, BatchDevice
from instances.serving.batch_rules import broken_rules
from instances.serving.clock import NS_PER_MS
from milp.hindsight.batches.case import BatchCase
from milp.hindsight.batches.exact import exact_schedule
from milp.hindsight.batches.exact_mean_latency import exact_mean_latency
from milp.hindsight.batches.subsets import MOST_CERTIFIED, MOST_REQUESTS
from milp.hindsight.certificate import Claim, HindsightCertificate
from milp.hindsight.hindsight import bounds_for
from milp.hindsight.problem import HindsightProblem
from milp.hindsight.verify import verify
from tests.milp.hindsight.problems import problems, random_problem
from tests.oracle.serving import optima


def crowded(seed: int, count: int, devices: int, room: int = 2500) -> HindsightProblem:
    """Return a problem in which memory binds: long requests displace short ones."""
    rng = np.random.default_rng(seed)
    arrivals = Arrivals.of(
        rng.integers(0, 60 * count * NS_PER_MS // devices, count),
        rng.integers(10, 1200, count),
        rng.integers(1, 300, count),
    )
    return HindsightProblem(arrivals, BatchDevice(kv_tokens=room, max_batch_size=5), devices)


def mean_latency(problem: HindsightProblem, case: BatchCase) -> tuple[Fraction, bool]:
    """Return what the schedule that the search finds has, after a look at its rules."""
    found = exact_mean_latency(case)
    assert found.schedule is not None
    assert not broken_rules(
        problem.arrivals, case.device, problem.devices, found.schedule, fifo=False, work_conserving=False
    )
    latency = found.schedule.completion - problem.arrivals.arrival
    value = Fraction(int(latency.sum()), len(latency))
    assert found.value == value
    return value, found.optimal


@settings(max_examples=50)
@given(problems(6))
def test_no_schedule_has_less(problem: HindsightProblem) -> None:
    """The least of all schedules, whatever memory, cap, sharing and number of devices."""
    found = mean_latency(problem, BatchCase(problem))
    assert found == (optima(problem, ())["mean_latency", None], True)


def test_a_longer_request_that_does_not_fit_takes_nobodys_place() -> None:
    """A short one runs beside a long one where the middle one, though there, would be too much."""
    arrivals = Arrivals.of(np.zeros(5), [16, 32, 56, 56, 77], np.ones(5))
    problem = HindsightProblem(arrivals, BatchDevice(kv_tokens=110, max_batch_size=4), 1)
    found = mean_latency(problem, BatchCase(problem))
    assert found == (optima(problem, ())["mean_latency", None], True)


@pytest.mark.parametrize(("seed", "devices"), [(0, 1), (2, 2), (4, 3)])
def test_cpsat_finds_the_same(seed: int, devices: int) -> None:
    """Of 6 requests, and short of memory."""
    problem = crowded(seed, 6, devices)
    case = BatchCase(problem)
    claimed = exact_schedule(case, "mean_latency", time_limit=20, workers=1)
    assert claimed.optimal
    assert mean_latency(problem, case) == (claimed.value, True)


@pytest.mark.parametrize("seed", range(12))
def test_memory_is_short(seed: int) -> None:
    """Long requests displace others, on one device, two and three: still the least of all schedules."""
    problem = crowded(seed, 6, 1 + seed % 3, 1500 + 100 * (seed // 3))
    assert mean_latency(problem, BatchCase(problem)) == (optima(problem, ())["mean_latency", None], True)


def test_requests_of_equal_length_and_arrival() -> None:
    """Swaps among equals do not go round in circles, nor lose the best schedule."""
    arrivals = Arrivals.of([0, 0, 0, 5, 5, 9], [3, 3, 3, 3, 7, 7], [1] * 6)
    device = BatchDevice(Fraction(1, 10**6), Fraction(1, 10**6), Fraction(1, 2), 20, 3)
    problem = HindsightProblem(arrivals, device, 2)
    assert mean_latency(problem, BatchCase(problem))[0] == optima(problem, ())["mean_latency", None]


def test_the_most_requests() -> None:
    """So many are searched within seconds; one more is refused."""
    problem = crowded(5, MOST_REQUESTS, 1, 5000)
    assert mean_latency(problem, BatchCase(problem))[1]
    more = replace(problem, arrivals=crowded(5, MOST_REQUESTS + 1, 1).arrivals)
    with pytest.raises(InputError, match=f"at most {MOST_REQUESTS} requests"):
        exact_mean_latency(BatchCase(more))


def test_time_is_up() -> None:
    """Without time there is no schedule; with a little, the best of a narrow search, not called optimal."""
    case = BatchCase(crowded(6, MOST_REQUESTS, 4, 20000))
    assert exact_mean_latency(case, time_limit=0).schedule is None
    found = exact_mean_latency(case, time_limit=0.5)
    assert found.schedule is None or not found.optimal


def test_a_claimed_optimum_is_searched_for() -> None:
    """The verifier accepts the optimum and what is less, not a part of a ns more, nor more requests."""
    problem = crowded(7, MOST_CERTIFIED, 2)
    assert isinstance(problem.device, BatchDevice)
    found = bounds_for(problem.arrivals, problem.device, 2)
    assert found.verdict.certified
    best = found.best("mean_latency")
    assert best is not None
    assert best.method == "subsets"
    assert best.value == exact_mean_latency(BatchCase(problem)).value

    def reason(value: Fraction) -> str | None:
        claim = Claim("mean_latency", "subsets", value)
        return verify(problem, HindsightCertificate(problem.digest(), (claim,))).reason

    assert reason(best.value) is None
    assert reason(best.value / 2) is None
    assert reason(Fraction(-1)) is None
    for step in (Fraction(1, 10**12), Fraction(1), Fraction(2**80)):
        assert "do not reach" in str(reason(best.value + step))
    many = random_problem(0, MOST_CERTIFIED + 1)
    claim = Claim("mean_latency", "subsets", Fraction(0))
    assert "requests are expected" in str(verify(many, HindsightCertificate(many.digest(), (claim,))).reason)
