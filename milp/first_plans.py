"""The plans that a search starts from: the first ones within milliseconds, better ones after."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

import heuristics
from heuristics import Uncoverable
from heuristics.interchange import interchange_plan
from heuristics.local_search import improve
from heuristics.nested import suits as nested_suits
from instances.batch_model import BatchModel
from instances.cost import CostModel, CountCost
from instances.instance import Instance
from instances.limits import Limits
from instances.objective import objective_model
from instances.plan import Plan
from milp.root.covering import is_covering

logger = logging.getLogger(__name__)

QUICK_START = "powers-of-two"
"""A plan within milliseconds, so that there is one whenever the user interrupts."""

POLISHING = 3.0
"""Seconds in which local search improves on the greedy plan where limits bind."""

SIMPLE = ("one-shape", "one-per-batch")

WARM_STARTS = ("greedy", *SIMPLE)
"""What is tried until a plan meets all limits."""


@dataclass(frozen=True, eq=False)
class FirstPlan:
    """A plan, and whether others are to be tried even if it meets all limits."""

    plan: Plan
    quick: bool = False


def first_plans(model: BatchModel, heuristic: str | None, until: float) -> Iterator[FirstPlan]:
    """Yield plans, the likeliest to be good first, but for quick ones.

    Parameters
    ----------
    model
        Batch model.
    heuristic
        The only heuristic to run; None for those that suit the instance.
    until
        Clock time (`time.monotonic`) at which a local search stops.
    """
    instance = model.instance
    if heuristic is not None:
        yield from _run(heuristic, instance, model)
        return
    if instance.minimize != "cost":
        # Extremes are often best where less than the whole cost counts, and cost nothing to try.
        for name in SIMPLE:
            yield from _run(name, instance, model, quick=True)
        yield from _run("greedy", priced_alike(instance), model, quick=True)
    for name in _names(model):
        if name == "interchange":
            plan = interchange_plan(model, until)
            if plan is not None:
                yield FirstPlan(plan)
            continue
        improved = name == "greedy" and bool(model.rows)
        for first in _run(name, instance, model, improved or name == QUICK_START):
            yield first
            if improved:
                end = min(until, time.monotonic() + POLISHING)
                yield FirstPlan(improve(instance, model.groups, first.plan, end))


def _run(name: str, instance: Instance, model: BatchModel, quick: bool = False) -> Iterator[FirstPlan]:
    try:
        yield FirstPlan(heuristics.run(name, instance, model.groups).plan, quick)
    except Uncoverable as reason:
        logger.info("%s: %s", name, reason)


def _names(model: BatchModel) -> tuple[str, ...]:
    if len(model.instance.streams) == 1 and is_covering(model):
        return (QUICK_START, "interchange", *WARM_STARTS)
    if not model.rows and model.instance.minimize == "cost" and nested_suits(model.instance):
        # Without limits to keep to, nested cuts are near the optimum, and fast at any size.
        return (QUICK_START, "nested", *WARM_STARTS)
    return QUICK_START, *WARM_STARTS


def priced_alike(instance: Instance) -> Instance:
    """Return the instance whose cost is what the given one minimises, for heuristics that know cost alone.

    Limits on the cost are left out, and the durations that add up to a total time count as batches do.
    """
    models = {"shapes": CostModel(count=CountCost(Fraction(1))), "total_time": CostModel(batch=Fraction(1))}
    cost = models.get(instance.minimize, objective_model(instance.minimize, instance.cost))

    def free(limits: Limits) -> Limits:
        return replace(limits, cost=None)

    streams = tuple(replace(stream, limits=free(stream.limits)) for stream in instance.streams)
    return replace(instance, streams=streams, limits=free(instance.limits), cost=cost, minimize="cost")
