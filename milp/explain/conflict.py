"""Limits that cannot be met together, none of which could be left out."""

from __future__ import annotations

from dataclasses import dataclass

from instances.limit_rows import deadlines
from instances.limits import percentile_quantile
from instances.named_limits import LimitName
from instances.plan import Plan
from milp.certificate import Certificate
from milp.explain.asking import Asking, Held
from milp.explain.moved import moved_proof, priced_limits
from milp.explain.ticks import CAPACITY


@dataclass(frozen=True, eq=False)
class Conflict:
    """An irreducible infeasible set of limits.

    Parameters
    ----------
    held
        The limits with their values. None at all if no plan exists even without limits.
    certificate
        Proof that no plan meets them, accepted by the verifier.
    witnesses
        For each limit, a plan that meets all the others.
    """

    held: Held
    certificate: Certificate
    witnesses: dict[LimitName, Plan]

    @property
    def unconfirmed(self) -> list[LimitName]:
        """Limits that may be superfluous: the time did not suffice to tell."""
        return [name for name in self.held if name not in self.witnesses]


def find_conflict(asking: Asking, certificate: Certificate) -> Conflict:
    """Return an irreducible set of limits that cannot be met together, by a deletion filter.

    Each limit in turn is left out; if the others still cannot be met, it stays out (J. W. Chinneck and E. W.
    Dravnieks, "Locating minimal infeasible constraint sets in linear programs", ORSA Journal on Computing
    3(2), 1991, section 2). What the proof at hand gives no price goes at once, as there by the sensitivity
    filter.

    Parameters
    ----------
    asking
        The instance and what is known of it.
    certificate
        Proof that the instance as it is has no plan.
    """
    held, certificate = _shrunk(asking, asking.own, certificate)
    witnesses: dict[LimitName, Plan] = {}
    for name in list(held):
        if name not in held:
            continue
        others = {other: value for other, value in held.items() if other != name}
        answer = asking.ask(others)
        if answer.plan is not None:
            witnesses[name] = answer.plan
        elif answer.certificate is not None:
            held, certificate = _shrunk(asking, others, answer.certificate)
    return Conflict(held, certificate, {name: witnesses[name] for name in held if name in witnesses})


def _shrunk(asking: Asking, held: Held, certificate: Certificate) -> tuple[Held, Certificate]:
    """Leave out what a proof does not use, as far as the verifier agrees."""
    proven = asking.about(held)
    priced = priced_limits(certificate, proven)
    rows = {name: value for name, value in held.items() if str(name) in priced}
    if deadlines(proven):
        # Deadlines are what batch types are made for: without one of them there are others.
        rows = {
            name: value for name, value in held.items() if name in rows or percentile_quantile(name.metric)
        }
    capacity = {name: value for name, value in held.items() if name.metric in CAPACITY}
    for kept in (rows, {name: held[name] for name in held if name in rows or name in capacity}):
        if len(kept) < len(held):
            moved = moved_proof(asking.instance, certificate, proven, asking.about(kept))
            if moved is not None:
                return kept, moved
    return held, certificate
