"""The outcome of a search."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from instances.instance import Instance
from instances.metrics import Evaluation
from instances.plan import Plan
from milp.certificate import Certificate
from milp.status import Status
from milp.verifier import relative_gap


@dataclass(frozen=True, eq=False)
class Result:
    """What `solve` and `bound` return.

    Parameters
    ----------
    instance, engine
        What was solved, and with which engine.
    status
        The verifier's verdict on the certificate, or ``no plan found``.
    plan, evaluation
        The plan and its exact metrics; None without one.
    certificate
        What the verifier accepted; None if there is nothing to certify.
    aim
        The metric that was minimised.
    value
        What the plan has of it, exact, in cost units, milliseconds or as a number.
    lower_bound
        Certified lower bound on it, exact, in the same unit.
    claimed_bound
        What the engine claims, in the same unit; never mixed with the certified bound.
    seconds
        Whole running time.
    times
        Seconds by phase.
    """

    instance: Instance
    engine: str
    status: Status
    plan: Plan | None
    evaluation: Evaluation | None
    certificate: Certificate | None
    aim: str
    value: Fraction | None
    lower_bound: Fraction | None
    claimed_bound: Fraction | None
    seconds: float
    times: dict[str, float]

    @property
    def cost(self) -> Fraction | None:
        """Cost of the plan, in cost units; None without one."""
        return None if self.evaluation is None else self.evaluation.cost

    @property
    def certified(self) -> bool:
        """Whether the verifier accepted the certificate."""
        return self.certificate is not None and self.status is not Status.REJECTED

    @property
    def gap(self) -> Fraction | None:
        """(value − lower bound) / value; None without both."""
        if self.value is None or self.lower_bound is None:
            return None
        return relative_gap(self.lower_bound, self.value)
