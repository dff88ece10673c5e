"""Plans from untrusted sources: what one does, if it is a plan of the instance and meets its limits."""

from __future__ import annotations

from instances.instance import Instance
from instances.metrics import Evaluation, evaluate
from instances.plan import Plan
from instances.plan_columns import malformed_columns


class RefusedPlan(ValueError):
    """Columns that are no plan of the instance, or a plan that breaks a rule of it."""


def accepted(instance: Instance, plan: Plan) -> Evaluation:
    """Return what a plan does, computed from its definition.

    Raises
    ------
    RefusedPlan
        If its columns do not hang together, or it violates a limit or any other rule of the instance.
    """
    malformed = malformed_columns(instance, plan)
    if malformed is not None:
        raise RefusedPlan(f"the plan is malformed: {malformed}")
    evaluation = evaluate(instance, plan)
    if not evaluation.feasible:
        raise RefusedPlan(f"the plan violates {evaluation.violations[0]}")
    return evaluation
