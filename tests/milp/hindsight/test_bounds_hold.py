"""No certified bound is over what some schedule reaches."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heuristics.schedulers.batches import POLICIES, BatchOptions, policy, run
from instances.serving import Arrivals, BatchDevice
from milp.hindsight.batches.case import BatchCase
from milp.hindsight.batches.exact import exact_schedule
from milp.hindsight.batches.methods import METHODS
from milp.hindsight.certificate import Claim
from milp.hindsight.hindsight import HindsightBounds, bounds_for
from milp.hindsight.problem import HindsightProblem
from tests.milp.hindsight.problems import QUANTILES, problems, random_problem
from tests.oracle.serving import optima


@settings(max_examples=25)
@given(problems())
def test_every_claim_is_at_most_the_optimum(problem: HindsightProblem) -> None:
    """Of all methods and objectives, with the multipliers that are found for them."""
    found = bounds_for(
        problem.arrivals,
        problem.device,
        problem.devices,
        problem.service_level,
        QUANTILES,  # type: ignore[arg-type]
    )
    assert found.verdict.certified, found.verdict.reason
    least = optima(problem, QUANTILES)
    assert set(found.objectives) == set(least)
    for claim in found.certificate.claims:
        assert claim.value <= least[claim.objective, claim.quantile], claim.name


@settings(max_examples=100)
@given(problems(4), st.data())
def test_no_multipliers_prove_too_much(problem: HindsightProblem, data: st.DataObject) -> None:
    """Whatever prices, windows and suffixes a certificate has, what is recomputed holds."""
    case, least = BatchCase(problem), optima(problem, QUANTILES)
    last = 200 * 10**6
    columns: dict[str, Any] = {
        "memory": data.draw(st.lists(st.integers(1, 2**34), max_size=3)),
        "suffix": data.draw(st.lists(st.integers(0, len(case.row) - 1), max_size=3)),
    }
    windows = data.draw(
        st.lists(st.tuples(st.integers(0, last), st.integers(0, last), st.integers(0, 2**32)), max_size=3)
    )
    columns["start"] = [min(a, d) for a, d, _ in windows]
    columns["end"] = [max(a, d) for a, d, _ in windows]
    columns["price"] = [price for _, _, price in windows]
    columns["time"] = data.draw(
        st.lists(st.integers(0, last), min_size=2, max_size=5, unique=True).map(sorted)
    )
    steps = len(columns["time"]) - 1
    columns["price"] += data.draw(st.lists(st.integers(0, 40), min_size=steps, max_size=steps))
    columns["scale"] = [data.draw(st.integers(1, 16))]
    columns["length"] = sorted({0, *data.draw(st.lists(st.integers(0, len(case.lengths) - 1), max_size=3))})
    columns["length"] = case.lengths[columns["length"]].tolist()
    columns["width"] = [data.draw(st.integers(10**5, last // 4))]
    count = len(case.row)
    columns["paid"] = data.draw(st.lists(st.integers(0, last // 2), min_size=count, max_size=count))
    for (objective, name), method in METHODS.items():
        multipliers = {column: tuple(columns[column]) for column in method.columns}
        if "price" in multipliers:
            many = multipliers["price"]
            priced = name in ("device-prices", "company")
            multipliers["price"] = many[-steps:] if priced else many[: len(windows)]
        for quantile in QUANTILES if objective == "percentile" else (None,):
            claimed = Fraction(data.draw(st.integers(2, last))) if objective == "percentile" else Fraction(0)
            value = method.recompute(case, Claim(objective, name, claimed, quantile, multipliers))
            assert value is None or value <= least[objective, quantile]


@pytest.mark.parametrize(("seed", "devices"), [(0, 1), (1, 2), (2, 1)])
def test_the_exact_schedule_is_the_best_of_all(seed: int, devices: int) -> None:
    """CP-SAT finds what trying all schedules finds, for every objective, and its schedule has that value."""
    problem = random_problem(seed, 5, devices)
    case = BatchCase(problem)
    for (objective, quantile), value in optima(problem, QUANTILES).items():
        outcome = exact_schedule(case, objective, quantile, time_limit=20, workers=1)
        assert outcome.optimal
        assert outcome.value == value


@pytest.fixture(scope="module", params=[1, 3])
def crowded(request: pytest.FixtureRequest) -> HindsightBounds:
    """Return the bounds of 400 requests that crowd one or three devices."""
    problem = random_problem(7, 400, request.param)
    assert isinstance(problem.device, BatchDevice)
    return bounds_for(problem.arrivals, problem.device, problem.devices, problem.service_level)


@pytest.mark.parametrize("name", POLICIES)
def test_no_policy_beats_a_bound(name: str, crowded: HindsightBounds) -> None:
    """Of crowded requests, every metric of every simulated policy is at least its bound."""
    found, problem = crowded, crowded.problem
    level, devices = problem.service_level, problem.devices
    assert isinstance(problem.device, BatchDevice)
    done = run(problem.arrivals, problem.device, devices, policy(name, BatchOptions()), service_level=level)
    total = done.metrics.total
    measured = {
        ("mean_latency", None): total.latency.mean,
        ("percentile", Fraction(1, 2)): total.latency.p50,
        ("percentile", Fraction(19, 20)): total.latency.p95,
        ("percentile", Fraction(99, 100)): total.latency.p99,
        ("violations", None): total.violations,
        ("makespan", None): done.metrics.makespan,
        ("device_time", None): int((done.busy.finish - done.busy.start).sum()),
    }
    assert set(measured) == set(found.objectives)
    for objective, value in measured.items():
        assert value is not None
        assert found.value(*objective) <= value, objective


def test_very_long_times_stay_exact() -> None:
    """A trace of three months and batches of an hour: where int64 ends, integers of any size take over."""
    arrivals = Arrivals.of(np.array([0, 1, 2, 2**53]), [5, 6, 7, 8], [1, 1, 1, 1])
    device = BatchDevice(per_token=Fraction(10**6), kv_tokens=30, max_batch_size=3)
    found = bounds_for(arrivals, device, 2)
    assert found.verdict.certified
    least = optima(replace(found.problem), (Fraction(1, 2),))
    for objective in (("device_time", None), ("makespan", None), ("mean_latency", None)):
        assert 0 < found.value(*objective) <= least[objective]
