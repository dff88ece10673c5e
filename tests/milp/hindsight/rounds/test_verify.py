"""Certificates of schedules in rounds: what is false is rejected, whatever was forged."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from milp.hindsight.rounds import Optimum, RoundProblem, mc_sf, minimize_latency, verify_rounds
from milp.status import Status
from tests.milp.hindsight.rounds.brute import least_latency, tiny_problems


@pytest.fixture(scope="module")
def problem() -> RoundProblem:
    """Fourteen requests that MC-SF does not schedule optimally; some arrive late."""
    draw = np.random.default_rng(11)
    arrival = np.sort(np.maximum(draw.integers(-10, 12, 14), 0))
    return RoundProblem(20, arrival, np.full(14, 2), draw.integers(1, 19, 14))


@pytest.fixture(scope="module")
def best(problem: RoundProblem) -> Optimum:
    """Its optimum."""
    return minimize_latency(problem)


def test_the_certificate_is_valid(problem: RoundProblem, best: Optimum) -> None:
    """What the forgeries below start from is certified optimal, and better than MC-SF."""
    assert verify_rounds(problem, best.certificate).status == Status.OPTIMAL
    assert best.upper < problem.latency(mc_sf(problem))


def test_a_higher_claim_is_rejected(problem: RoundProblem, best: Optimum) -> None:
    """One round more is too much, whether the schedule gives it away or not."""
    higher = replace(best.certificate, claim=best.lower + 1)
    assert "exceeds" in (verify_rounds(problem, higher).reason or "")
    verdict = verify_rounds(problem, replace(higher, start=mc_sf(problem)))
    assert (verdict.status, verdict.reason) == (Status.REJECTED, "a path below the claim is left")


def test_prices_alone_prove_their_bound_and_no_more(problem: RoundProblem, best: Optimum) -> None:
    """Without stages a claim is accepted up to the bound of the prices, and rejected one round above it."""
    assert best.root < best.upper
    plain = replace(best.certificate, stages=(), claim=best.root)
    assert verify_rounds(problem, plain).lower == best.root
    assert verify_rounds(problem, replace(plain, claim=best.root + 1)).status == Status.REJECTED


def test_a_lower_claim_is_a_gap(problem: RoundProblem, best: Optimum) -> None:
    """A weaker claim is certified as what it is."""
    verdict = verify_rounds(problem, replace(best.certificate, claim=best.lower - 2))
    assert (verdict.status, verdict.lower, verdict.upper) == (Status.GAP, best.lower - 2, best.upper)


def test_the_stages_matter(problem: RoundProblem, best: Optimum) -> None:
    """Without its counted lengths the proof is incomplete."""
    assert len(best.certificate.stages) > 1
    assert verify_rounds(problem, replace(best.certificate, stages=())).status == Status.REJECTED


def test_other_schedules_are_rejected(problem: RoundProblem, best: Optimum) -> None:
    """A schedule that starts too early, overflows the memory or lacks a request is named as such."""
    for start, words in (
        (np.zeros_like(best.start), "before it arrives"),
        (problem.arrival, "tokens, more than 20"),
        (best.start[1:], "whole numbers"),
    ):
        assert words in (verify_rounds(problem, replace(best.certificate, start=start)).reason or "")


def test_another_problem_is_rejected(problem: RoundProblem, best: Optimum) -> None:
    """A certificate proves nothing about a problem with one token more of memory."""
    other = replace(problem, memory=problem.memory + 1)
    assert "another problem" in (verify_rounds(other, best.certificate).reason or "")


def test_malformed_prices_and_stages_are_rejected(problem: RoundProblem, best: Optimum) -> None:
    """Prices that are too few, fractional, huge or of no denominator, and unknown or repeated lengths."""
    certificate = best.certificate
    for forged, words in (
        (replace(certificate, price=certificate.price[1:]), "one whole price"),
        (replace(certificate, price=certificate.price * 1.0), "one whole price"),
        (replace(certificate, price=certificate.price * 0 + 2**60), "64 bits"),
        (replace(certificate, denominator=0), "denominator"),
        (replace(certificate, stages=(((9, 9),),)), "no request"),
        (replace(certificate, stages=(certificate.stages[1],) * 2), "twice"),
    ):
        verdict = verify_rounds(problem, forged)
        assert verdict.status == Status.REJECTED
        assert words in (verdict.reason or "")


@given(tiny_problems(), st.data())
@settings(max_examples=60, deadline=None)
def test_nothing_false_is_certified(problem: RoundProblem, data: st.DataObject) -> None:
    """Whatever prices, stages and claim are written: a certified bound never exceeds the optimum."""
    certificate = minimize_latency(problem).certificate
    least = least_latency(problem)
    names = sorted(set(zip(problem.prompt.tolist(), problem.gen.tolist(), strict=True)))
    rows = [names.index(name) for name in zip(problem.prompt.tolist(), problem.gen.tolist(), strict=True)]
    price = data.draw(st.lists(st.integers(-100, 800), min_size=len(names), max_size=len(names)))
    stages = data.draw(st.permutations(names)) if data.draw(st.booleans()) else []
    forged = replace(
        certificate,
        price=np.array(price, dtype=np.int64)[rows],
        stages=tuple((name,) for name in stages),
        claim=least + data.draw(st.integers(-2, 3)),
        start=mc_sf(problem),
    )
    verdict = verify_rounds(problem, forged)
    assert verdict.status == Status.REJECTED or (verdict.lower is not None and verdict.lower <= least)


SCRIPT = """
import json, sys
before = set(sys.modules)
import numpy as np
from milp.hindsight.rounds import RoundCertificate, RoundProblem, verify_rounds
problem = RoundProblem(4, np.array([0, 0]), np.array([1, 1]), np.array([3, 2]))
certificate = RoundCertificate(
    problem.digest(), 7, np.array([2, 0]), np.array([0, 0]), 1, ((), ((1, 2), (1, 3)))
)
verdict = verify_rounds(problem, certificate)
print(json.dumps([str(verdict.status), verdict.reason, sorted(set(sys.modules) - before)]))
"""


def test_the_verifier_imports_no_solver() -> None:
    """Using the verifier loads the standard library, numpy, the problem and the backward program only."""
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    status, reason, loaded = json.loads(done.stdout)
    assert (status, reason) == ("certified optimal", None)
    allowed = ("instances", "numpy", "milp.hindsight.rounds")
    foreign = [
        name
        for name in loaded
        if name.split(".")[0] not in sys.stdlib_module_names
        and name not in ("milp", "milp.hindsight", "milp.status")
        and not name.startswith(allowed)
    ]
    assert foreign == []
    assert not {"milp.hindsight.rounds.prices", "milp.hindsight.rounds.exact"} & set(loaded)
