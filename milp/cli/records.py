"""Results as dictionaries for JSON: exact numbers as integers or ``"p/q"``, each with a float beside it."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from instances import Evaluation, Instance, Limits, Plan
    from instances.metrics import Metrics
    from instances.question import Question
    from instances.violations import Violation
    from milp import Result, Step, Verdict

Record = dict[str, Any]


def exact(name: str, value: Fraction | int | None) -> Record:
    """Return ``{name: exact value, name_float: float}``, both None if there is no value."""
    from instances.exact import exact_text

    if value is None:
        return {name: None, f"{name}_float": None}
    return {name: exact_text(value), f"{name}_float": float(value)}


def result_record(result: Result) -> Record:
    """Return everything that a result says, plan and certificate apart."""
    record: Record = {
        "status": result.status.value,
        "minimized": result.aim,
        **exact("value", result.value),
        **exact("cost", result.cost),
        **exact("lower_bound", result.lower_bound),
        **exact("gap", result.gap),
        "certified": result.certified,
        "runtime_s": round(result.seconds, 3),
        "instance": result.instance.name,
        "engine": result.engine,
        **exact("claimed_bound", result.claimed_bound),
        "times_s": {phase: round(seconds, 3) for phase, seconds in result.times.items()},
    }
    if result.plan is not None and result.evaluation is not None:
        record |= evaluation_record(result.instance, result.plan, result.evaluation)
    return record


def step_record(step: Step) -> Record:
    """Return what is known of one of several metrics."""
    return {
        "minimized": step.metric,
        "status": step.result.status.value,
        **exact("value", step.result.value),
        **exact("lower_bound", step.result.lower_bound),
        **exact("gap", step.result.gap),
    }


def question_record(question: Question) -> Record:
    """Return how a question differs from its instance."""
    from instances.exact import exact_text

    limits = {
        str(name): None if value is None else exact_text(value) for name, value in question.limits.items()
    }
    return {"question": {"minimize": question.minimize, "limits": limits}}


def verdict_record(verdict: Verdict, aim: str = "cost") -> Record:
    """Return a verdict on a certificate about an instance that minimises `aim`."""
    return {
        "status": verdict.status.value,
        "reason": verdict.reason,
        "minimized": aim,
        **exact("value", verdict.upper_bound),
        **(exact("cost", verdict.upper_bound) if aim == "cost" else {}),
        **exact("lower_bound", verdict.lower_bound),
        **exact("gap", verdict.gap),
        "certified": verdict.certified,
        "leaves": verdict.leaves,
        "runtime_s": round(verdict.seconds, 3),
    }


def evaluation_record(instance: Instance, plan: Plan, evaluation: Evaluation) -> Record:
    """Return the metrics, the shapes and the violations of a plan."""
    record: Record = {
        "feasible": evaluation.feasible,
        "violations": [_violation(violation) for violation in evaluation.violations],
        "shapes": [{name: size for name, size in shape._asdict().items() if size} for shape in plan.shapes],
        "streams": [
            {"name": stream.name, **_metrics(metrics), "limits": _limits(stream.limits)}
            for stream, metrics in zip(instance.streams, evaluation.streams, strict=False)
        ],
    }
    if evaluation.total is not None:
        record["total"] = {**_metrics(evaluation.total), "limits": _limits(instance.limits)}
        record["cost_parts"] = _exact_each(evaluation.cost_parts)
    return record


def _metrics(metrics: Metrics) -> Record:
    return {
        "requests": metrics.requests,
        "batches": metrics.batches,
        "shapes": metrics.shapes,
        **exact("cost", metrics.cost),
        **exact("pad_ratio", metrics.pad_ratio),
        "latency_ms": _exact_each(metrics.latency),
        **exact("total_time_ms", metrics.total_time),
    }


def _limits(limits: Limits) -> Record:
    """Return the limits that are set."""
    values = {"cost": limits.cost, "pad_ratio": limits.pad_ratio, "total_time_ms": limits.total_time}
    record: Record = {}
    for name, value in values.items():
        record |= {} if value is None else exact(name, value)
    if limits.latency:
        record["latency_ms"] = _exact_each({limit.name: limit.most for limit in limits.latency})
    for name in ("batches", "max_batch_size", "max_batch_tokens"):
        if getattr(limits, name) is not None:
            record[name] = getattr(limits, name)
    return record


def _exact_each(values: dict[str, Fraction]) -> Record:
    record: Record = {}
    for name, value in values.items():
        record |= exact(name, value)
    return record


def _violation(violation: Violation) -> Record:
    return {
        "kind": violation.kind,
        "where": violation.where,
        **exact("value", violation.value),
        **exact("limit", violation.limit),
    }
