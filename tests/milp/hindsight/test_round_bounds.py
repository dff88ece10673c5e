"""Bounds of model B: nothing that any policy does is below them, and forged ones are rejected."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heuristics.schedulers.rounds import simulate
from instances.serving import RoundDevice, ServiceLevel
from instances.serving.metrics import latencies, percentile
from instances.serving.round_columns import busy, served
from milp.hindsight.certificate import HindsightCertificate
from milp.hindsight.hindsight import HindsightBounds, bounds_for
from milp.hindsight.problem import HindsightProblem
from milp.hindsight.round_case import PARTS, RoundCase
from milp.hindsight.units import UNITS
from milp.hindsight.verify import verify
from tests.heuristics.schedulers.rounds.traces import Case, cases

QUANTILES = (Fraction(1, 2), Fraction(99, 100))


@settings(max_examples=150)
@given(cases(), st.integers(0, PARTS))
def test_shares_fit_into_the_time_that_devices_work(case: Case, part: int) -> None:
    """However the fixed time of rounds is divided; and no request runs shorter than alone."""
    schedule = simulate(case.arrivals, case.device, case.devices, case.make(), case.predicted)
    prepared = RoundCase(HindsightProblem(case.arrivals, case.device, case.devices))
    working, when = busy(schedule), served(case.device, schedule)
    assert prepared.work((part,)).sum() <= int((working.finish - working.start).sum()) * UNITS
    assert (when.completion - when.start >= prepared.alone).all()


@settings(max_examples=80, deadline=None)
@given(cases(), st.integers(1, 2000))
def test_no_policy_is_below_a_bound(case: Case, promised: int) -> None:
    """Of every objective and method, on small traces in which memory and batch sizes bind."""
    level = ServiceLevel((promised, 2 * promised))
    found = bounds_for(case.arrivals, case.device, case.devices, level, QUANTILES)
    assert found.verdict.certified, found.verdict.reason
    schedule = simulate(case.arrivals, case.device, case.devices, case.make(), case.predicted)
    working, completion = busy(schedule), served(case.device, schedule).completion
    late = latencies(case.arrivals, completion)
    reached = {
        ("device_time", None): Fraction(int((working.finish - working.start).sum())),
        ("makespan", None): Fraction(int(completion.max())),
        ("mean_latency", None): Fraction(int(late.sum()), len(late)),
        ("violations", None): Fraction(int(level.violations(case.arrivals, completion).sum())),
        **{("percentile", q): Fraction(percentile(late, q)) for q in QUANTILES},
    }
    assert set(reached) == set(found.objectives)
    for claim in found.certificate.claims:
        assert claim.value <= reached[claim.objective, claim.quantile], claim.name


def _bounds() -> HindsightBounds:
    source = np.random.default_rng(7)
    from instances.serving import Arrivals

    arrivals = Arrivals.of(
        source.integers(0, 10**10, 150), source.integers(1, 900, 150), source.integers(1, 300, 150)
    )
    return bounds_for(arrivals, RoundDevice(4000, 8), 1, ServiceLevel((8 * 10**9,)), QUANTILES)


def test_a_claim_that_is_one_step_higher_is_rejected() -> None:
    """For every claim: by a whole unit where values are whole, and by the least fraction of a mean."""
    found = _bounds()
    assert found.verdict.certified
    for index, claim in enumerate(found.certificate.claims):
        step = Fraction(1, len(found.problem.arrivals)) if claim.objective == "mean_latency" else Fraction(1)
        claims = list(found.certificate.claims)
        claims[index] = replace(claim, value=claim.value + step)
        forged = HindsightCertificate(found.certificate.problem, tuple(claims))
        assert not verify(found.problem, forged).certified, claim.name


@pytest.mark.parametrize("parts", [(-1,), (PARTS + 1,), (1, 2)], ids=str)
def test_divisions_of_a_round_that_are_none_are_rejected(parts: tuple[int, ...]) -> None:
    """More than the whole fixed time, less than nothing, and two divisions at once."""
    found = _bounds()
    claims = tuple(
        replace(claim, multipliers={**claim.multipliers, "memory": parts})
        if "memory" in claim.multipliers
        else claim
        for claim in found.certificate.claims
    )
    verdict = verify(found.problem, HindsightCertificate(found.certificate.problem, claims))
    assert "part of the fixed time" in str(verdict.reason)
