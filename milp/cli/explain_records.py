"""Explanations as dictionaries for JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from milp.cli.records import Record, evaluation_record, exact, question_record, result_record

if TYPE_CHECKING:
    from milp.explain import Explanation, PlanExplanation
    from milp.explain.compromise import Compromise
    from milp.explain.contributions import Contribution
    from milp.explain.relaxation import Relaxation
    from milp.explain.repair import Repair
    from milp.explain.standing import Standing
    from milp.explain.ticks import Values

CONTRIBUTIONS_SHOWN = 20


def explanation_record(explanation: Explanation) -> Record:
    """Return what is said of an instance."""
    record: Record = {
        "status": explanation.status.value,
        "instance": explanation.instance.name,
        "runtime_s": round(explanation.seconds, 3),
        "causes": [vars(cause) for cause in explanation.causes],
    }
    conflict = explanation.conflict
    if conflict is not None:
        record["conflict"] = {
            "limits": {str(name): exact("value", value) for name, value in conflict.held.items()},
            "certified": True,
            "irreducible": not conflict.unconfirmed,
            "unconfirmed": [str(name) for name in conflict.unconfirmed],
            **question_record(conflict.certificate.question),
        }
        record["relaxations"] = [_relaxation(one) for one in explanation.relaxations]
    if explanation.compromise is not None:
        record["compromise"] = _compromise(explanation.compromise)
    if explanation.result is not None:
        record |= result_record(explanation.result)
        record["limits"] = [_standing(one) for one in explanation.standings]
        record["prices"] = [
            {
                "limit": str(price.name),
                **exact("step", price.step),
                **exact("saves_at_most", price.saves),
                **exact("lower_bound", price.bound),
            }
            for price in explanation.prices
        ]
    record["runtime_s"] = round(explanation.seconds, 3)
    return record


def plan_record(explanation: PlanExplanation) -> Record:
    """Return what is said of a plan."""
    record: Record = {
        "status": "feasible" if explanation.evaluation.feasible else "violated",
        "instance": explanation.instance.name,
        "runtime_s": round(explanation.seconds, 3),
        **exact("cost", explanation.evaluation.cost),
        **evaluation_record(explanation.instance, explanation.plan, explanation.evaluation),
        "limits": [_standing(one) for one in explanation.standings],
        "contributions": [_contribution(one) for one in explanation.contributions[:CONTRIBUTIONS_SHOWN]],
        "repair": None if explanation.repair is None else _repair(explanation.repair),
        "searched": explanation.searched,
    }
    if explanation.infeasible is not None:
        record["infeasible"] = explanation_record(explanation.infeasible)
    return record


def _relaxation(relaxation: Relaxation) -> Record:
    return {
        "limit": str(relaxation.name),
        **exact("value", relaxation.value),
        "helps": relaxation.helps,
        **exact("infeasible_at", relaxation.infeasible_at),
        **exact("feasible_at", relaxation.feasible_at),
        "tight": relaxation.tight,
    }


def _compromise(compromise: Compromise) -> Record:
    return {
        **exact("excess", compromise.excess),
        **exact("at_least", compromise.at_least),
        "tight": compromise.tight,
        "values": _values(compromise.values),
    }


def _standing(standing: Standing) -> Record:
    return {
        "limit": str(standing.name),
        **exact("value", standing.value),
        **exact("allowed", standing.limit),
        **exact("slack", standing.slack),
    }


def _contribution(contribution: Contribution) -> Record:
    shape = {name: size for name, size in contribution.shape._asdict().items() if size}
    others: dict[str, Any] = {
        "requests": contribution.requests,
        "copies": contribution.copies,
        "longest_prompt": contribution.longest_prompt,
        "longest_gen": contribution.longest_gen,
    }
    return {
        "batch": contribution.label,
        "shape": shape,
        **others,
        **exact("amount", contribution.amount),
        "share": round(contribution.share, 6),
    }


def _repair(repair: Repair) -> Record:
    return {
        "feasible": repair.feasible,
        "requests": repair.requests,
        "steps": [
            {
                "change": step.words,
                "requests": step.requests,
                "before": _values(step.before),
                "after": _values(step.after),
                **exact("cost_before", step.cost_before),
                **exact("cost_after", step.cost_after),
            }
            for step in repair.steps
        ],
    }


def _values(values: Values) -> Record:
    record: Record = {}
    for name, value in values.items():
        record |= exact(str(name), value)
    return record
