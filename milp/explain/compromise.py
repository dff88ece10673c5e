"""The plan that exceeds the limits least: the largest relative excess is as small as it can be."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from instances.named_limits import SHAPES, WHOLE
from instances.plan import Plan
from milp.certificate import Certificate
from milp.explain.asking import Asking, Held
from milp.explain.ticks import Values, from_ticks, is_allowed, ticks_under

CLOSE = Fraction(1, 16)
"""Part of the excess within which a plan is to be beaten directly; further apart, the middle is asked."""

SMOOTH = 10**6
"""Largest denominator of the factors that are asked about in between."""


@dataclass(frozen=True, eq=False)
class Compromise:
    """How little the limits can be exceeded.

    Parameters
    ----------
    excess
        t of the plan: it keeps to all limits times 1 + t; a limit of 0 is kept as it is.
    plan, values
        The plan, and what it has of each limited metric.
    at_least
        No plan keeps to all limits times 1 + t for any t below this.
    certificate
        Proof of `at_least`: that no plan is below that excess; None where that is 0.
    """

    excess: Fraction
    plan: Plan
    values: Values
    at_least: Fraction
    certificate: Certificate | None

    @property
    def tight(self) -> bool:
        """Whether no plan has less excess."""
        return self.excess == self.at_least


def best_compromise(asking: Asking) -> Compromise | None:
    """Return the plan whose largest relative excess over the limits is least; None if none was found.

    Every plan has an excess of its own, exactly, so that the search ends: whatever a plan is asked to
    undercut, either another one does or there is a proof that none can.

    Parameters
    ----------
    asking
        The instance and what is known of it, which includes plans that miss some limits.
    """
    best = _known(asking)
    if best is None:
        free = asking.ask({name: value for name, value in asking.own.items() if not value})
        best = None if free.plan is None else _known(asking)
    if best is None:
        return None
    excess, plan = best
    low, proof = Fraction(0), None
    while low < excess and asking.left > 0:
        close = excess - low <= CLOSE * excess
        middle = Fraction(low + excess, 2).limit_denominator(SMOOTH)
        if close or not low < middle < excess:
            middle = excess
        held = undercutting(asking, excess) if middle == excess else enlarged(asking, middle)
        answer = asking.ask(held)
        if answer.plan is not None:
            excess, plan = _known(asking) or (excess, plan)
        elif answer.certificate is not None:
            low, proof = middle, answer.certificate
        else:
            break
    return Compromise(excess, plan, asking.values(plan), low, proof)


def enlarged(asking: Asking, excess: Fraction) -> Held:
    """Return the limits times 1 + t; of what is counted, the whole number within."""
    held = {name: value * (1 + excess) for name, value in asking.own.items()}
    counted = (*WHOLE, SHAPES)
    return {name: Fraction(value // 1) if name.metric in counted else value for name, value in held.items()}


def undercutting(asking: Asking, excess: Fraction) -> Held:
    """Return the limits that just the plans of less than an excess t > 0 keep to."""
    held = {}
    for name, value in asking.own.items():
        under = ticks_under(asking.instance, name, value * (1 + excess))
        less = from_ticks(asking.instance, name, under)
        held[name] = less if value and is_allowed(name, less) else value
    return held


def excess_of(own: Held, values: Values) -> Fraction | None:
    """Return the largest relative excess over the limits, below 0 if all are kept; None if over one of 0."""
    if any(values[name] > 0 for name, value in own.items() if not value):
        return None
    return max(values[name] / value - 1 for name, value in own.items() if value)


def _known(asking: Asking) -> tuple[Fraction, Plan] | None:
    """Return the least excess among the plans at hand."""
    rated = [(excess_of(asking.own, values), plan) for plan, values in asking.plans]
    found = [(excess, plan) for excess, plan in rated if excess is not None]
    return min(found, key=lambda pair: pair[0], default=None)
