"""Certificates that claim too much, or are about something else, are rejected with the first reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from instances.serving import Arrivals, RoundDevice
from instances.serving.service_level import ServiceLevel
from milp.hindsight.certificate import Claim, HindsightCertificate
from milp.hindsight.hindsight import HindsightBounds, bounds_for
from milp.hindsight.problem import HindsightProblem
from milp.hindsight.verify import verify
from tests.milp.hindsight.problems import random_problem


@pytest.fixture(scope="module")
def found() -> HindsightBounds:
    """Return the bounds of a trace on which every method has something to say."""
    problem = random_problem(5, 120)
    return bounds_for(problem.arrivals, problem.device, 1, problem.service_level)  # type: ignore[arg-type]


def reason(found: HindsightBounds, claim: Claim) -> str | None:
    """Return why a certificate with one claim is rejected."""
    return verify(found.problem, HindsightCertificate(found.problem.digest(), (claim,))).reason


def claim(found: HindsightBounds, objective: str, method: str) -> Claim:
    """Return the claim of a method."""
    return next(c for c in found.certificate.claims if (c.objective, c.method) == (objective, method))


def test_a_claim_over_what_its_multipliers_reach_is_rejected(found: HindsightBounds) -> None:
    """By as little as a part of a ns, and by one violation; what they reach, and less, is accepted."""
    assert len({claim.method for claim in found.certificate.claims}) == 8
    for honest in found.certificate.claims:
        assert reason(found, honest) is None
        if honest.method != "windows" or honest.objective != "percentile":
            assert reason(found, replace(honest, value=honest.value / 2)) is None
        step = Fraction(1) if honest.objective in ("violations", "percentile") else Fraction(1, 10**12)
        if honest.objective == "percentile":
            # The multipliers are for a latency close to this one: a larger step than their precision.
            step = honest.value // 100
        refused = reason(found, replace(honest, value=honest.value + step))
        assert refused is not None
        assert refused.startswith(honest.name)


@pytest.mark.parametrize(
    "change",
    [
        lambda p: replace(p, devices=2),
        lambda p: replace(p, device=replace(p.device, fixed=Fraction(16))),
        lambda p: replace(p, device=replace(p.device, kv_tokens=5001)),
        lambda p: replace(p, device=replace(p.device, max_batch_size=9)),
        lambda p: replace(p, service_level=ServiceLevel((400 * 10**6,))),
        lambda p: replace(p, service_level=None),
        lambda p: replace(p, arrivals=p.arrivals.first(119)),
        lambda p: replace(p, arrivals=p.arrivals.with_priority(np.zeros(120, dtype=np.int64))),
        lambda p: replace(p, device=RoundDevice()),
    ],
)
def test_another_problem_is_noticed(
    found: HindsightBounds, change: Callable[[HindsightProblem], HindsightProblem]
) -> None:
    """Every part of the problem is part of the digest."""
    verdict = verify(change(found.problem), found.certificate)
    assert not verdict.certified
    assert verdict.reason == "it belongs to another trace, device, number of devices or service level"


def test_multipliers_out_of_range_are_rejected(found: HindsightBounds) -> None:
    """Negative, missing, additional, uneven and far too large ones, each with a reason and no exception."""
    windows = claim(found, "violations", "windows")
    for name, column in windows.multipliers.items():
        for wrong in (column[:-1], (*column[:-1], -1), (*column[:-1], 2**200)):
            assert reason(found, replace(windows, multipliers={**windows.multipliers, name: wrong})) or (
                name == "memory" and wrong == column[:-1]
            )
        fewer = {other: values for other, values in windows.multipliers.items() if other != name}
        assert "its multipliers are" in str(reason(found, replace(windows, multipliers=fewer)))
    more = {**windows.multipliers, "luck": (7,)}
    assert "its multipliers are" in str(reason(found, replace(windows, multipliers=more)))
    grouping = claim(found, "makespan", "grouping")
    for suffix in ((-1,), (120,), (2**70,)):
        assert "there is no request" in str(reason(found, replace(grouping, multipliers={"suffix": suffix})))
    many = {"memory": tuple(range(1, 66))}
    assert "at most 64" in str(
        reason(found, replace(claim(found, "device_time", "shares"), multipliers=many))
    )


def test_whoever_pays_too_much_is_noticed(found: HindsightBounds) -> None:
    """One ns more from anybody whom a batch limits, free device time, or a coarser class: rejected."""
    company = claim(found, "mean_latency", "company")

    def changed(**columns: tuple[int, ...]) -> str:
        return str(reason(found, replace(company, multipliers={**company.multipliers, **columns})))

    paid, price, length = (company.multipliers[name] for name in ("paid", "price", "length"))
    more = [changed(paid=(*paid[:i], own + 10**6, *paid[i + 1 :])) for i, own in enumerate(paid)]
    assert sum("do not reach" in text for text in more) > len(paid) // 2
    assert "do not reach" in changed(price=tuple(own // 2 for own in price))
    assert "do not reach" in changed(length=length[:1])
    for wrong in ((), (-1,), (2**70,), (*length[1:],), (*length, length[-1]), (length[0] - 1,)):
        assert "classes" in changed(length=wrong)
    for wrong in (paid[1:], (-1, *paid[1:]), (2**60, *paid[1:])):
        assert "pays" in changed(paid=wrong)
    for width in ((0,), (-5,), (2**60,)):
        assert "prices" in changed(width=width)
    assert "one width" in changed(width=(1, 2))
    for wrong in ((), (-1, *price), (0,) * 4097):
        assert "prices" in changed(price=wrong)
    assert "too large" in changed(price=(2**61, *price[1:]))


def test_what_is_no_claim_is_rejected(found: HindsightBounds) -> None:
    """Unknown objectives and methods, quantiles where they do not belong, and certificates without claims."""
    alone = claim(found, "percentile", "alone")
    assert "no such method" in str(reason(found, replace(alone, method="luck")))
    assert "no such method" in str(reason(found, replace(alone, objective="profit")))
    assert "has a quantile" in str(reason(found, replace(alone, quantile=None)))
    assert "quantile is not" in str(reason(found, replace(alone, quantile=Fraction(3, 2))))
    assert "has a quantile" in str(
        reason(found, replace(claim(found, "makespan", "alone"), quantile=Fraction(1, 2)))
    )
    assert "whole number" in str(
        reason(found, replace(claim(found, "percentile", "windows"), value=Fraction(1, 3)))
    )
    nothing = HindsightCertificate(found.problem.digest(), ())
    assert verify(found.problem, nothing).reason == "it claims nothing"


def test_problems_without_a_method_are_rejected() -> None:
    """A method of the other model, and requests that never fit, are no reason to fail."""
    arrivals = Arrivals.of([0], [100], [1])
    for device in (RoundDevice(), replace(random_problem(0, 1).device, kv_tokens=50)):
        problem = HindsightProblem(arrivals, device)
        certificate = HindsightCertificate(problem.digest(), (Claim("device_time", "grouping", Fraction(0)),))
        assert verify(problem, certificate).reason
