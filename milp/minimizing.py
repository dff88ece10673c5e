"""The least of any metric, and of several in the order of their importance."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, cast

from instances.errors import InputError
from instances.instance import Instance
from instances.limits import percentile_quantile
from instances.named_limits import SHAPES, LimitName, named_limits
from instances.objective import Minimized, refuse_unknown_metric
from instances.plan import Plan
from instances.question import Question
from milp.percentile import least_percentile
from milp.result import Result
from milp.solving import ask


def minimize(
    instance: Instance,
    metric: str,
    *,
    question: Question | None = None,
    time_limit: float = 60.0,
    **settings: Any,
) -> Result:
    """Find a plan with the least of a metric and certify how little any plan can have.

    Parameters
    ----------
    instance
        The problem as its file has it.
    metric
        ``cost``, ``pad_ratio``, ``total_time``, ``batches``, ``shapes``, or a percentile such as ``p95``.
    question
        Other limits; its own aim does not count.
    time_limit
        Seconds for the search.
    settings
        Those of `solve`.

    Returns
    -------
    Result
        Its value and lower bound are of the metric. For a percentile the certificate proves that no plan
        keeps to a lower one.

    Raises
    ------
    InputError
        If there is no such metric, or the question names what the instance does not have.
    """
    refuse_unknown_metric(metric)
    limits = {} if question is None else question.limits
    if percentile_quantile(metric) is not None:
        return least_percentile(instance, metric, limits, time_limit=time_limit, **settings)
    own = None if metric == instance.minimize else cast(Minimized, metric)
    return ask(instance, Question(own, limits), time_limit=time_limit, **settings)


@dataclass(frozen=True, eq=False)
class Step:
    """One metric of several.

    Parameters
    ----------
    metric
        What was minimised.
    result
        The least of it among plans that have no more of the metrics before than the plans found there.
    """

    metric: str
    result: Result


def lexicographic(
    instance: Instance,
    metrics: Sequence[str],
    *,
    time_limit: float = 60.0,
    warm_start: Plan | None = None,
    **settings: Any,
) -> list[Step]:
    """Minimise several metrics, each among the plans that are best in those before.

    Where a metric is not solved to optimality, the next one may not have more of it than the plan found.

    Parameters
    ----------
    instance
        The problem.
    metrics
        In the order of their importance.
    time_limit
        Seconds for all together, in equal shares of what is left.
    warm_start
        A plan to start from.
    settings
        Those of `solve`.

    Raises
    ------
    InputError
        If a metric is unknown or named twice.
    """
    for metric in metrics:
        refuse_unknown_metric(metric)
    if len(set(metrics)) < len(metrics):
        raise InputError("each metric once", ", ".join(metrics))
    end = time.monotonic() + time_limit
    steps: list[Step] = []
    question = Question()
    for number, metric in enumerate(metrics):
        share = max(0.1, (end - time.monotonic()) / (len(metrics) - number))
        result = minimize(
            instance, metric, question=question, time_limit=share, warm_start=warm_start, **settings
        )
        steps.append(Step(metric, result))
        if result.plan is None or result.value is None:
            break
        warm_start = result.plan
        question = Question(
            None, {**question.limits, _keeping(metric): _kept(instance, metric, result.value)}
        )
    return steps


def _keeping(metric: str) -> LimitName:
    return LimitName(SHAPES if metric == "shapes" else metric)


def _kept(instance: Instance, metric: str, value: Fraction) -> Fraction:
    own = named_limits(instance).get(_keeping(metric))
    return value if own is None else min(own, value)
