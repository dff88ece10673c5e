"""Forged certificates: the verifier never raises, and what it accepts is true."""

from __future__ import annotations

import json
import random
from collections import Counter
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from instances.batch_model import form_batch_model
from instances.cost import CostModel, Phases
from instances.demand import Demand
from instances.digest import digest
from instances.errors import InputError
from instances.instance import Instance, Stream
from instances.shapes import ShapeSpace, Sizes
from milp.certificate import Certificate, Leaf
from milp.certificate_file import read_certificate
from milp.lagrangian.prices import Prices
from milp.status import Status
from milp.verifier import Verdict, verify
from tests.milp.forging import Fields, fields, genuine, tampered
from tests.oracle import broken, from_plan, measure, violated

CERTIFICATES = 15
EACH = 150


def assert_true(
    instance: Instance, optimum: Fraction | None, certificate: Certificate, verdict: Verdict
) -> None:
    """Compare what a verdict certifies with the truth; the plan is judged by the oracle."""
    if not verdict.certified:
        assert verdict.reason
        assert verdict.lower_bound is None
        return
    if verdict.status is Status.INFEASIBLE:
        assert optimum is None
        return
    lower, upper = verdict.lower_bound, verdict.upper_bound
    assert lower is not None
    assert optimum is None or lower <= optimum
    if upper is None:
        return
    assert optimum is not None
    assert certificate.plan is not None
    batches = from_plan(instance, certificate.plan)
    assert not broken(instance, batches)
    streams, total = measure(instance, batches)
    assert upper == total.cost
    assert not violated(instance.limits, total)
    assert not any(violated(s.limits, m) for s, m in zip(instance.streams, streams, strict=True))
    assert (verdict.status is Status.OPTIMAL) == (upper == lower)
    assert verdict.status is not Status.OPTIMAL or upper == optimum


def judged(instance: Instance, optimum: Fraction | None, table: Fields, path: Path) -> Status | None:
    """Write a certificate, read it, verify it, and compare with the truth; None if it is not even read."""
    path.write_text(json.dumps(table))
    try:
        certificate = read_certificate(path)
    except InputError as error:
        assert len(str(error).splitlines()) == 1  # noqa: PT017
        return None
    verdict = verify(instance, certificate)
    assert_true(instance, optimum, certificate, verdict)
    return verdict.status


@pytest.mark.parametrize("index", range(CERTIFICATES))
def test_genuine_certificates_hold(index: int, tmp_path: Path) -> None:
    """What is tampered with below is itself accepted; the trees made by hand have many leaves."""
    instance, optimum, certificate = genuine()[index]
    status = judged(instance, optimum, fields(certificate), tmp_path / "c.json")
    assert status in (Status.OPTIMAL, Status.GAP, Status.INFEASIBLE)
    assert (status is Status.INFEASIBLE) == (optimum is None)
    assert len(genuine()) == CERTIFICATES
    if index >= 6:
        assert certificate.leaves > 6


@pytest.mark.parametrize("index", range(CERTIFICATES))
def test_tampered_certificates_claim_nothing_false(index: int, tmp_path: Path) -> None:
    """Random changes of a certificate's file are refused, rejected, or leave a true claim; nothing raises."""
    instance, optimum, certificate = genuine()[index]
    table = fields(certificate)
    seen: Counter[Status | None] = Counter()
    for number in range(EACH):
        rng = random.Random(1000 * index + number)
        other = fields(genuine()[rng.randrange(CERTIFICATES)][2])
        changed, done = tampered(table, other, rng)
        try:
            seen[judged(instance, optimum, changed, tmp_path / "c.json")] += 1
        except Exception as error:
            raise AssertionError(f"certificate {index}, mutation {number}: {done}") from error
    assert seen[None] > EACH // 10
    assert seen[Status.REJECTED] > EACH // 5


@pytest.mark.parametrize("index", range(CERTIFICATES))
def test_a_higher_claim_is_rejected(index: int, tmp_path: Path) -> None:
    """The least excess over what the leaves reach is rejected: there is no tolerance."""
    instance, optimum, certificate = genuine()[index]
    table = fields(certificate)
    if certificate.lower_bound is None:
        return
    table["plan"] = table["upper_bound"] = None
    reached = Fraction(certificate.lower_bound)
    path = tmp_path / "c.json"
    while True:
        table["lower_bound"] = f"{reached.numerator}/{reached.denominator}"
        path.write_text(json.dumps(table))
        verdict = verify(instance, read_certificate(path))
        if not verdict.certified:
            break
        assert optimum is None or reached <= optimum
        reached += Fraction(1, instance.cost_scale)
    # The last claim that held, raised by a billionth of a tick.
    reached -= Fraction(1, instance.cost_scale)
    reached += Fraction(1, instance.cost_scale * 10**9)
    table["lower_bound"] = f"{reached.numerator}/{reached.denominator}"
    path.write_text(json.dumps(table))
    verdict = verify(instance, read_certificate(path))
    assert verdict.status is Status.REJECTED
    assert verdict.reason is not None
    assert "reaches" in verdict.reason


def test_every_other_instance_rejects_it() -> None:
    """A certificate holds for its own instance only."""
    for index, (_, _, certificate) in enumerate(genuine()):
        for other, (instance, _, _) in enumerate(genuine()):
            if index != other:
                verdict = verify(instance, certificate, form_batch_model(instance))
                assert verdict.status is Status.REJECTED
                assert verdict.reason == "it belongs to another instance"


def one_request() -> Instance:
    """Return an instance of one request whose only plan costs 8."""
    work = Phases((Fraction(0), Fraction(1), Fraction(0)))
    demand = Demand.from_requests([8], [1])
    return Instance("one", (Stream("a", demand),), ShapeSpace(Sizes(8)), CostModel(work))


def claimed(lower: Fraction | None, price: int, objective: int) -> Verdict:
    """Return the verdict on a claim about the one request, with one leaf and one price."""
    instance, none = one_request(), np.zeros(0, dtype=np.int64)
    prices = Prices(1, 1, np.asarray([price], dtype=np.int64), none, objective)
    return verify(instance, Certificate(digest(instance), 1, 1, lower, None, None, (Leaf(0),), (prices,)))


def test_claims_are_compared_without_tolerance() -> None:
    """With the price 8, L is 8: this much is accepted, and nothing more, however little."""
    assert claimed(Fraction(8), 8, 1).status is Status.BOUND
    for excess in (Fraction(1), Fraction(1, 2), Fraction(1, 10**30)):
        assert claimed(Fraction(8) + excess, 8, 1).status is Status.REJECTED
    assert claimed(Fraction(8), 7, 1).status is Status.REJECTED


def test_zero_proves_no_infeasibility() -> None:
    """A leaf with objective 0 and L = 0 is not empty; nor does a bound on cost say so."""
    for price in (0, 1, -1):
        assert claimed(None, price, 0).status is Status.REJECTED
        assert claimed(Fraction(8), price, 0).status is Status.REJECTED
    assert claimed(None, 8, 1).status is Status.REJECTED
