"""Proofs moved to other limits: prices bound whatever they are put to, and the verifier finds how far."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from instances.digest import digest
from instances.instance import Instance
from instances.limit_rows import limit_rows
from instances.named_limits import LimitName
from instances.question import question_between
from milp.certificate import Certificate
from milp.lagrangian.prices import Prices
from milp.status import Status
from milp.verifier import verify


def moved_proof(
    instance: Instance, certificate: Certificate, proven: Instance, asked: Instance
) -> Certificate | None:
    """Return a proof of infeasibility moved to other limits; None if the verifier refuses it there.

    The prices of limits that both have are kept, and limits that only the new question has weigh nothing. A
    bound holds for any prices, so that nothing but its value is open, and that is what the verifier finds.

    Parameters
    ----------
    instance
        The problem that both are questions about.
    certificate, proven
        A certificate of infeasibility, and the instance that it is for.
    asked
        The instance to move it to.
    """
    old = [row.label for row in limit_rows(proven)]
    new = [row.label for row in limit_rows(asked)]
    prices = tuple(relabelled(one, old, new) for one in certificate.prices)
    return accepted(instance, asked, replace(certificate, prices=prices))


def proof_from_bound(
    instance: Instance, certificate: Certificate, bounded: Instance, name: LimitName, asked: Instance
) -> Certificate | None:
    """Return a lower bound on a metric as a proof that a limit under the bound cannot be met.

    The bound L on what is minimised is, with the metric as a row of price 1 and nothing minimised, L less the
    limit: over 0 if the limit is under L. None if the verifier refuses it.

    Parameters
    ----------
    instance
        The problem.
    certificate, bounded
        A certificate of a lower bound, and the instance that it is for.
    name
        The limit on what `bounded` minimises.
    asked
        `bounded` with that limit.
    """
    old = [row.label for row in limit_rows(bounded)]
    new = [row.label for row in limit_rows(asked)]
    prices = []
    for one in certificate.prices:
        labelled = relabelled(one, old, new)
        limit = labelled.limit.astype(object)
        limit[new.index(str(name))] = one.objective * one.denominator * one.fineness
        prices.append(replace(labelled, limit=limit, objective=0))
    bare = replace(certificate, lower_bound=None, upper_bound=None, plan=None, reduction=None)
    return accepted(instance, asked, replace(bare, prices=tuple(prices)))


def accepted(instance: Instance, asked: Instance, certificate: Certificate) -> Certificate | None:
    """Return a certificate of infeasibility put to a question, if the verifier accepts it."""
    question = question_between(instance, asked)
    moved = replace(certificate, instance=digest(asked), question=question)
    return moved if verify(asked, moved).status is Status.INFEASIBLE else None


def relabelled(prices: Prices, old: list[str], new: list[str]) -> Prices:
    """Return prices for other rows: those of the same label are kept, the others are 0."""
    by_label = dict(zip(old, prices.limit.tolist(), strict=True))
    limit = [by_label.get(label, 0) for label in new]
    return replace(prices, limit=np.asarray(limit, dtype=prices.limit.dtype if limit else np.int64))


def priced_limits(certificate: Certificate, proven: Instance) -> set[str]:
    """Return the labels of the limits that weigh something in some case of a proof."""
    labels = [row.label for row in limit_rows(proven)]
    return {
        label
        for prices in certificate.prices
        for label, price in zip(labels, prices.limit.tolist(), strict=True)
        if price
    }
