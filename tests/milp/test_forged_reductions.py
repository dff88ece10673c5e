"""Forged certificates that leave pairs out: rejected or true, whatever is done to what leaves them out."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from instances.batch_model import form_batch_model
from instances.exact import narrowed
from instances.instance import Instance
from milp.certificate import Certificate
from milp.status import Status
from milp.verifier import verify
from tests.milp.forging import REDUCED, fields, genuine
from tests.milp.test_forgery import assert_true, judged

Genuine = tuple[Instance, Fraction, Certificate]


def reduced() -> list[Genuine]:
    """Return instances with their optima and certificates that leave pairs out."""
    found = []
    for instance, optimum, certificate in genuine()[-len(REDUCED) :]:
        assert optimum is not None
        assert certificate.reduction == 0
        found.append((instance, optimum, certificate))
    return found


def status_of(case: Genuine, forged: Certificate) -> Status:
    """Return the verdict on a forged certificate after comparing it with the truth."""
    instance, optimum, _ = case
    verdict = verify(instance, forged)
    assert_true(instance, optimum, forged, verdict)
    return verdict.status


def test_some_certificates_need_what_they_leave_out() -> None:
    """Without the reduction the same leaves miss the claim: the forgeries below have something to attack."""
    needed = [verify(i, replace(c, reduction=None)).status is Status.REJECTED for i, _, c in reduced()]
    assert all(needed)


@pytest.mark.parametrize("index", [-1, -(2**63), 10**6, 2**63, 10**400, True, "0", 0.0, [0], {}])
def test_an_index_of_no_prices_is_rejected(index: Any, tmp_path: Path) -> None:
    """What names no prices is not read or rejected, and nothing is taken from the end of the list."""
    for instance, optimum, certificate in reduced():
        table = {**fields(certificate), "reduction": index}
        assert judged(instance, optimum, table, tmp_path / "c.json") in (None, Status.REJECTED)
        if type(index) is int:
            forged = replace(certificate, reduction=index)
            assert verify(instance, forged).reason == "there are no prices that reduce"
        past_the_end = replace(certificate, reduction=len(certificate.prices))
        assert verify(instance, past_the_end).status is Status.REJECTED


def test_prices_with_cold_starts_or_without_costs_do_not_reduce() -> None:
    """They are rejected, however good, and so is any reduction where infeasibility is claimed."""
    for instance, _, certificate in reduced():
        first, *others = certificate.prices
        forged = [
            replace(certificate, prices=(replace(first, cold=True), *others)),
            replace(certificate, prices=(replace(first, objective=0), *others)),
            replace(certificate, lower_bound=None, upper_bound=None, plan=None),
        ]
        for one in forged:
            reason = verify(instance, one).reason
            assert reason == "only prices of a bound on the cost, without cold starts, reduce"


@pytest.mark.parametrize("number", range(len(REDUCED)))
def test_claims_hold_up_to_a_point_and_never_above_the_optimum(number: int) -> None:
    """Every claim up to the certified one holds, and none above the optimum.

    The pairs that are left out depend on the claim, so a forger could hope that a higher or lower one leaves
    out more.
    """
    case = reduced()[number]
    instance, optimum, certificate = case
    lower = certificate.lower_bound
    assert lower is not None
    tick = Fraction(1, instance.cost_scale)
    for less in (Fraction(0), tick / 3, tick, 7 * tick, lower / 2, lower, 2 * lower):
        assert status_of(case, replace(certificate, lower_bound=lower - less)) is not Status.REJECTED
    open_end = replace(certificate, upper_bound=None, plan=None)
    for more in (
        tick / 10**9,
        tick / 2,
        tick,
        2 * tick,
        optimum / 100,
        optimum / 9,
        optimum,
        10**9 * optimum,
    ):
        assert status_of(case, replace(open_end, lower_bound=optimum + more)) is Status.REJECTED
        status_of(case, replace(open_end, lower_bound=lower + more))


@pytest.mark.parametrize("number", range(len(REDUCED)))
def test_other_prices_that_reduce_prove_nothing_false(number: int) -> None:
    """Prices of leaves, and tampered ones, reduce in place of the genuine: what is certified is true."""
    case = reduced()[number]
    instance, optimum, certificate = case
    first, *others = certificate.prices
    assert len(form_batch_model(instance).groups) == len(first.group)
    group, limit = first.group.astype(object), first.limit.astype(object)
    tampered = [
        *(replace(one, cold=False, objective=1) for one in others),
        *(
            replace(first, group=narrowed(group * scale // 4))
            for scale in (-4, 0, 2, 5, 8, 4 * 10**9, 10**60)
        ),
        *(replace(first, limit=narrowed(limit * scale + 1)) for scale in (0, 2, 10**60)),
        replace(first, denominator=1),
        replace(first, denominator=2**59, fineness=1),
        replace(first, group=np.roll(first.group, 1)),
    ]
    seen: Counter[Status] = Counter()
    for prices in tampered:
        for claim in (
            certificate.lower_bound,
            optimum,
            optimum + Fraction(1, instance.cost_scale),
            2 * optimum,
        ):
            plan, upper = certificate.plan, certificate.upper_bound
            if claim is not None and claim > optimum:
                plan, upper = None, None
            forged = replace(
                certificate, prices=(prices, *others), lower_bound=claim, plan=plan, upper_bound=upper
            )
            seen[status_of(case, forged)] += 1
    for index in range(1, len(certificate.prices)):
        seen[status_of(case, replace(certificate, reduction=index))] += 1
    assert seen[Status.REJECTED] >= len(tampered) * 2
