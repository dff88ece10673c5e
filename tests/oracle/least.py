"""The least that any plan can have of a metric, by asking for less until there is no plan."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from instances.instance import Instance
from instances.metrics import evaluate
from tests.oracle.options import scales
from tests.oracle.search import best_plan


def least(instance: Instance, metric: str) -> Fraction | None:
    """Return the least of a metric of the whole plan over all plans within the limits; None if none is."""
    found: Fraction | None = None
    asked = instance
    while (best := best_plan(asked)) is not None:
        total = evaluate(instance, best.plan).total
        assert total is not None
        found = Fraction(getattr(total, metric))
        asked = _less(instance, metric, found)
        if asked is instance:
            break
    return found


def _less(instance: Instance, metric: str, value: Fraction) -> Instance:
    """Return the instance where the metric must be under `value`; itself where nothing can be."""
    limits = instance.limits
    if metric == "shapes":
        return instance if value == 1 else replace(instance, max_shapes=int(value) - 1)
    if metric == "batches":
        return instance if value == 1 else replace(instance, limits=replace(limits, batches=int(value) - 1))
    cost_scale, time_scale = scales(instance)
    if metric == "pad_ratio":
        real = sum(stream.demand.real_tokens for stream in instance.streams)
        padded = real * (1 + value) if instance.pad_over == "real" else real / (1 - value)
        ratio = (padded - 1 - real) / (real if instance.pad_over == "real" else padded - 1)
        return instance if ratio < 0 else replace(instance, limits=replace(limits, pad_ratio=ratio))
    under = value - Fraction(1, cost_scale if metric == "cost" else time_scale)
    return instance if under < 0 else replace(instance, limits=replace(limits, **{metric: under}))
