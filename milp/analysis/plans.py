"""Plans that are at hand without a search, and what they have of a metric."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import heuristics
from heuristics import Uncoverable
from instances.instance import Instance
from instances.limits import LatencyLimit, percentile_quantile
from instances.metrics import evaluate
from instances.plan import Plan

EXTREMES = ("one-per-batch", "one-shape")
"""Heuristics whose plans are often best where one metric counts alone."""
NEVER = Fraction(10**30)
"""A latency that no request reaches, in milliseconds."""


@dataclass(frozen=True, eq=False)
class Valued:
    """A plan and what it has of a metric."""

    plan: Plan
    value: Fraction


def quick_plans(instance: Instance) -> list[Plan]:
    """Return plans that cost next to nothing to find."""
    plans = []
    for name in EXTREMES:
        try:
            plans.append(heuristics.run(name, instance).plan)
        except Uncoverable:
            continue
    return plans


def best_plan(instance: Instance, metric: str, plans: Sequence[Plan]) -> Valued | None:
    """Return the plan with the least of a metric; None if no plan is structurally valid.

    Parameters
    ----------
    instance
        Without limits on metrics.
    """
    share = percentile_quantile(metric)
    if share is not None:
        # Evaluations report the percentiles that are limited.
        never = (LatencyLimit(NEVER, share),)
        instance = replace(instance, limits=replace(instance.limits, latency=never))
    best: Valued | None = None
    for plan in plans:
        total = evaluate(instance, plan).total
        if total is None:
            continue
        value = Fraction(total.latency[metric] if share is not None else getattr(total, metric))
        if best is None or value < best.value:
            best = Valued(plan, value)
    return best
