"""Asking whether limits can be met together, over and over: every answer serves later questions too."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction

from instances.groups import form_groups
from instances.instance import Instance
from instances.named_limits import LimitName, limited, named_limits, without_limits
from instances.plan import Plan
from milp.certificate import Certificate
from milp.explain.feasibility import first_plan
from milp.explain.moved import moved_proof
from milp.explain.ticks import Values, plan_values

logger = logging.getLogger(__name__)

Held = Mapping[LimitName, Fraction]
"""The limits that hold, with their values; those of the instance that are not named do not."""

TRIED = 6
"""Proofs that are tried on a question, the latest first."""


@dataclass(frozen=True, eq=False)
class Answer:
    """A plan that keeps to the limits, a certificate that none does, or neither.

    Parameters
    ----------
    held
        The limits that were asked about.
    plan
        A plan that meets them.
    certificate
        Proof, accepted by the verifier, that there is no such plan.
    """

    held: Held
    plan: Plan | None = None
    certificate: Certificate | None = None


class Asking:
    """One instance, what is known of it, and the time left.

    Parameters
    ----------
    instance
        The problem.
    time_limit
        Seconds for all questions together.
    workers, seed
        Threads and random seed of the engine.
    """

    def __init__(self, instance: Instance, time_limit: float, workers: int = 2, seed: int = 0) -> None:
        self.instance = instance
        self.groups = form_groups(instance)
        self.own: dict[LimitName, Fraction] = named_limits(instance)
        self.plans: list[tuple[Plan, Values]] = []
        self._proofs: list[tuple[Instance, Certificate]] = []
        self.workers, self.seed = workers, seed
        self._until = time.monotonic() + time_limit
        self._interrupted = False

    @property
    def left(self) -> float:
        """Seconds left; none once the user has interrupted."""
        return 0.0 if self._interrupted else self._until - time.monotonic()

    @contextmanager
    def interruptible(self) -> Iterator[None]:
        """Let the user end what goes on in the block, and with it the search: what is known is kept."""
        try:
            yield
        except KeyboardInterrupt:
            logger.warning("interrupted: keeping what is known so far")
            self._interrupted = True

    @contextmanager
    def until(self, spare: float) -> Iterator[None]:
        """Let questions within the block leave a part of the time that is left now."""
        end = self._until
        self._until -= spare * max(0.0, self.left)
        try:
            yield
        finally:
            self._until = end

    def about(self, held: Held) -> Instance:
        """Return the instance on which just these limits hold."""
        asked = without_limits(self.instance)
        for name, value in held.items():
            asked = limited(asked, name, value)
        return asked

    def ask(self, held: Held, share: float = 0.5) -> Answer:
        """Answer whether limits can be met together.

        Parameters
        ----------
        held
            The limits.
        share
            Most of the time left that the answer may take.
        """
        known = self.known_plan(held)
        if known is not None:
            return Answer(held, plan=known)
        asked = self.about(held)
        certificate = self._moved_proof(asked)
        if certificate is not None:
            return Answer(held, certificate=certificate)
        if self.left <= 0:
            return Answer(held)
        plan, certificate = None, None
        with self.interruptible():
            plan, certificate = first_plan(
                self.instance, asked, time_limit=share * self.left, workers=self.workers, seed=self.seed
            )
        if plan is not None:
            self.learn(plan)
        if certificate is not None:
            self._proofs.append((asked, certificate))
        return Answer(held, plan, certificate)

    def learn(self, plan: Plan) -> Values | None:
        """Keep a plan for questions about limits that it meets; return what it has of each."""
        values = plan_values(self.instance, self.groups, plan, list(self.own))
        if values is not None:
            self.plans.append((plan, values))
        return values

    def known_plan(self, held: Held) -> Plan | None:
        """Return a plan at hand that meets the limits; None without one."""
        for plan, values in self.plans:
            if all(values[name] <= value for name, value in held.items()):
                return plan
        return None

    def values(self, plan: Plan) -> Values:
        """Return what a plan that meets the structure has of every limited metric."""
        found = next((values for known, values in self.plans if known is plan), None) or self.learn(plan)
        assert found is not None
        return found

    def _moved_proof(self, asked: Instance) -> Certificate | None:
        """Return an earlier proof with the limits of another question, if the verifier accepts it there."""
        for proven, certificate in self._proofs[: -TRIED - 1 : -1]:
            moved = moved_proof(self.instance, certificate, proven, asked)
            if moved is not None:
                return moved
        return None
