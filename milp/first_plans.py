"""The plans that a search starts from: the first ones within milliseconds, better ones after."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass

import heuristics
from heuristics import Uncoverable
from heuristics.interchange import interchange_plan
from heuristics.nested import suits as nested_suits
from instances.batch_model import BatchModel
from instances.plan import Plan
from milp.root.covering import is_covering

logger = logging.getLogger(__name__)

QUICK_START = "powers-of-two"
"""A plan within milliseconds, so that there is one whenever the user interrupts."""

WARM_STARTS = ("greedy", "one-shape", "one-per-batch")
"""What is tried until a plan meets all limits."""


@dataclass(frozen=True, eq=False)
class FirstPlan:
    """A plan, and whether it is only there to have one soon."""

    plan: Plan
    quick: bool = False


def first_plans(model: BatchModel, heuristic: str | None, until: float) -> Iterator[FirstPlan]:
    """Yield plans, the likeliest to be good first, but for a quick one.

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
    for name in _names(model) if heuristic is None else (heuristic,):
        if name == "interchange":
            plan = interchange_plan(model, until)
            if plan is not None:
                yield FirstPlan(plan)
            continue
        try:
            found = heuristics.run(name, instance, model.groups)
        except Uncoverable as reason:
            logger.info("%s: %s", name, reason)
            continue
        yield FirstPlan(found.plan, name == QUICK_START)


def _names(model: BatchModel) -> tuple[str, ...]:
    if len(model.instance.streams) == 1 and is_covering(model):
        return (QUICK_START, "interchange", *WARM_STARTS)
    if not model.rows and nested_suits(model.instance):
        # Without limits to keep to, nested cuts are near the optimum, and fast at any size.
        return (QUICK_START, "nested", *WARM_STARTS)
    return QUICK_START, *WARM_STARTS
