"""How far a plan is from each limit, and what one unit more of a limit could save."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil

import numpy as np

from instances.digest import digest
from instances.instance import Instance
from instances.limit_rows import LimitRow, limit_rows
from instances.limits import percentile_quantile
from instances.named_limits import SHAPES, WHOLE, LimitName, limited
from instances.objective_value import ticks_reaching, value_at
from instances.question import question_between
from milp.certificate import Certificate
from milp.explain.asking import Held
from milp.explain.ticks import Values, from_ticks, to_ticks
from milp.verifier import verify

Holds = Callable[[Fraction], Certificate | None]
"""Returns the certificate of a bound, or None if it does not hold."""

HALVINGS = 12
"""Bounds that are tried where prices do not tell what is left of one."""


@dataclass(frozen=True)
class Standing:
    """One limit and what a plan has of it.

    Parameters
    ----------
    name
        Which limit.
    value, limit
        What the plan has, and what is allowed.
    """

    name: LimitName
    value: Fraction
    limit: Fraction

    @property
    def slack(self) -> Fraction:
        """What is left, below 0 if the limit is missed."""
        return self.limit - self.value

    @property
    def excess(self) -> Fraction | None:
        """Value over limit, less 1: below 0 if there is room; None for a limit of 0."""
        return None if not self.limit else self.value / self.limit - 1


def standings(own: Held, values: Values) -> list[Standing]:
    """Return where a plan stands with each limit, the worst first."""
    found = [Standing(name, values[name], limit) for name, limit in own.items()]

    def badness(standing: Standing) -> float:
        if standing.excess is None:
            return float("inf") if standing.value else 0.0
        return float(standing.excess)

    return sorted(found, key=lambda standing: -badness(standing))


@dataclass(frozen=True, eq=False)
class Price:
    """What more of one limit could save, certified.

    Parameters
    ----------
    name
        Which limit.
    step
        How much more: one shape, batch, request or token where the limit counts, a hundredth of it otherwise.
    bound
        No plan has less of what is minimised than this with the limit a step higher.
    saves
        What it saves at most: the value of the best plan at hand, less `bound`.
    certificate
        Proof of `bound`, about the instance with the higher limit.
    """

    name: LimitName
    step: Fraction
    bound: Fraction
    saves: Fraction
    certificate: Certificate


def limit_prices(
    instance: Instance, certificate: Certificate, own: Held, value: Fraction, until: float
) -> list[Price]:
    """Return what a step more of each limit saves at most.

    With a right-hand side higher by δ, L falls by μ δ in every case. So the certificate moves to the higher
    limit with a bound that is lower by the largest μ of its cases times δ, and the verifier confirms it.
    Where the cases differ, or a limit is no right-hand side, bounds in between are tried by halving.

    Parameters
    ----------
    instance
        The problem.
    certificate
        Certificate of a lower bound.
    own
        The limits with their values.
    value
        What the best plan at hand has of what is minimised.
    until
        Clock time (`time.monotonic`) at which to stop.
    """
    prices = []
    for name, limit in own.items():
        if time.monotonic() > until:
            break
        step = step_of(instance, name, limit)
        found = _moved_bound(instance, certificate, name, limit, step, until)
        if found is not None and found.lower_bound is not None:
            prices.append(Price(name, step, found.lower_bound, value - found.lower_bound, found))
    return prices


def step_of(instance: Instance, name: LimitName, limit: Fraction) -> Fraction:
    """Return the step for which a limit is priced."""
    if name.metric in (*WHOLE, SHAPES):
        return Fraction(1)
    ticks = to_ticks(instance, name, limit)
    hundredth = to_ticks(instance, name, limit * Fraction(101, 100))
    return from_ticks(instance, name, max(ticks + 1, hundredth)) - limit


def _moved_bound(
    instance: Instance,
    certificate: Certificate,
    name: LimitName,
    limit: Fraction,
    step: Fraction,
    until: float,
) -> Certificate | None:
    """Return the certificate with the best bound that it proves for a higher limit."""
    more = limited(instance, name, limit + step)
    lower = certificate.lower_bound
    assert lower is not None
    bare = replace(certificate, instance=digest(more), question=question_between(instance, more))
    bare = replace(bare, plan=None, upper_bound=None)
    rows = {row.label: row for row in limit_rows(instance)}
    higher = {row.label: row for row in limit_rows(more)}
    if not certificate.prices or list(rows) != list(higher):
        return None

    def holds(bound: Fraction) -> Certificate | None:
        claim = replace(bare, lower_bound=bound)
        return claim if verify(more, claim).certified else None

    same = holds(lower)
    row = rows.get(str(name))
    if same is not None or lower <= 0:
        return same
    known = None
    if row is not None and percentile_quantile(name.metric) is None:
        loss = _largest_price(certificate, instance, row) * (higher[row.label].bound - row.bound)
        # Rounding up to whole ticks gained the bound less than one; it may take one back.
        proofs = (holds(_less(instance, lower, loss + further)) for further in (0, 1))
        known = next((proof for proof in proofs if proof is not None), None)
        if len(certificate.prices) == 1:
            return known
    return _halved(holds, instance, lower, known, until)


def _largest_price(certificate: Certificate, instance: Instance, row: LimitRow) -> Fraction:
    """Return the largest μ of a row in any case, in ticks of what is minimised per unit of the row."""
    index = [one.label for one in limit_rows(instance)].index(row.label)
    return max(
        Fraction(int(np.asarray(one.limit)[index]), one.denominator * one.fineness)
        for one in certificate.prices
    )


def _less(instance: Instance, lower: Fraction, ticks: Fraction) -> Fraction:
    """Return a bound that is lower by so many ticks, rounded up to whole ones."""
    reached = ticks_reaching(instance, lower)
    assert reached is not None
    return value_at(instance, reached - ceil(ticks))


def _halved(
    holds: Holds, instance: Instance, lower: Fraction, known: Certificate | None, until: float
) -> Certificate | None:
    """Return the highest of a few bounds that holds, given one that does."""
    high = ticks_reaching(instance, lower)
    low = 0 if known is None or known.lower_bound is None else ticks_reaching(instance, known.lower_bound)
    assert high is not None
    assert low is not None
    best = known
    for _ in range(HALVINGS):
        if high - low <= 1 or time.monotonic() > until:
            break
        middle = (low + high) // 2
        proven = holds(value_at(instance, middle))
        if proven is None:
            high = middle
        else:
            best, low = proven, middle
    return best
