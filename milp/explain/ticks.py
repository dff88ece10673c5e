"""What a plan has of each limited metric, and the whole ticks in which limits are counted."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor

import numpy as np
import numpy.typing as npt

from instances.groups import Groups
from instances.instance import Instance
from instances.metrics import Evaluation, Metrics, evaluate
from instances.named_limits import RATIONAL, SHAPES, WHOLE, LimitName, limited
from instances.plan import Plan
from instances.running import run_batches

CAPACITY = ("max_batch_size", "max_batch_tokens", SHAPES)
"""Limits that are part of a plan's structure: they bound batches and shapes, not sums over a plan."""

Values = dict[LimitName, Fraction]


def without_capacity(instance: Instance) -> Instance:
    """Return the instance without limits on shapes and single batches, so that more plans have metrics."""
    for metric in CAPACITY:
        places = [None] if metric == SHAPES else [None, *range(len(instance.streams))]
        for place in places:
            instance = limited(instance, LimitName(metric, place), None)
    return instance


def plan_values(instance: Instance, groups: Groups, plan: Plan, names: list[LimitName]) -> Values | None:
    """Return what a plan has of the metrics of some limits; None if its structure is broken.

    Parameters
    ----------
    instance, groups
        The problem, with all percentiles among `names` limited, and its groups.
    plan
        The plan; it may miss any limit.
    names
        Which metrics of which streams.
    """
    evaluation = evaluate(without_capacity(instance), plan, groups)
    return None if evaluation.total is None else values_in(evaluation, instance, groups, plan, names)


def values_in(
    evaluation: Evaluation, instance: Instance, groups: Groups, plan: Plan, names: list[LimitName]
) -> Values:
    """Return the same from an evaluation that has metrics."""
    assert evaluation.total is not None
    memory = batch_tokens(instance, groups, plan)
    values: Values = {}
    for name in names:
        metrics = evaluation.total if name.stream is None else evaluation.streams[name.stream]
        values[name] = _value(metrics, name, plan, memory)
    return values


def batch_tokens(instance: Instance, groups: Groups, plan: Plan) -> npt.NDArray[np.int64]:
    """Return slots × (prompt side + decode steps) of each batch: shape (batches,), in tokens."""
    running = run_batches(instance, groups, plan)
    tokens: npt.NDArray[np.int64] = running.slots * (running.decode_prompt + running.steps)
    return tokens


def _value(metrics: Metrics, name: LimitName, plan: Plan, memory: npt.NDArray[np.int64]) -> Fraction:
    if name.metric in CAPACITY:
        mine = np.ones(len(plan), dtype=bool) if name.stream is None else plan.stream == name.stream
        of_batch = plan.sizes if name.metric == "max_batch_size" else memory
        return Fraction(metrics.shapes if name.metric == SHAPES else int(of_batch[mine].max()))
    if name.metric in (*RATIONAL, "batches"):
        return Fraction(getattr(metrics, name.metric))
    return metrics.latency[name.metric]


def to_ticks(instance: Instance, name: LimitName, value: Fraction) -> int:
    """Return the most whole ticks within a value: what a limit of that value allows."""
    if name.metric != "pad_ratio":
        return floor(value * _scale(instance, name))
    real = _real(instance, name)
    # A plan has a whole number T of tokens; over all tokens the ratio (T − R)/T stays below 1.
    if instance.pad_over == "real":
        return floor(real * (1 + value))
    return floor(real / (1 - value)) if value < 1 else 2**62


def from_ticks(instance: Instance, name: LimitName, ticks: int) -> Fraction:
    """Return the value of so many ticks."""
    if name.metric != "pad_ratio":
        return Fraction(ticks, _scale(instance, name))
    real = _real(instance, name)
    return Fraction(ticks - real, real if instance.pad_over == "real" else ticks)


def ticks_under(instance: Instance, name: LimitName, value: Fraction) -> int:
    """Return the most whole ticks that are less than a value."""
    if name.metric != "pad_ratio":
        return ceil(value * _scale(instance, name)) - 1
    ticks = to_ticks(instance, name, value)
    return ticks - 1 if from_ticks(instance, name, ticks) == value else ticks


def is_allowed(name: LimitName, value: Fraction) -> bool:
    """Tell whether a limit can have a value: at least 0, or 1 for what is counted."""
    return value >= (1 if name.metric in (*WHOLE, SHAPES) else 0)


def _scale(instance: Instance, name: LimitName) -> int:
    if name.metric in (*WHOLE, SHAPES):
        return 1
    return instance.cost_scale if name.metric == "cost" else instance.time_scale


def _real(instance: Instance, name: LimitName) -> int:
    if name.stream is None:
        return instance.real_tokens
    return instance.streams[name.stream].demand.real_tokens
