"""One run of a heuristic, whatever comes of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from heuristics.errors import Uncoverable
from instances.groups import Groups, form_groups
from instances.instance import Instance
from instances.metrics import Evaluation, evaluate
from instances.plan import Plan

Heuristic = Callable[[Instance, Groups], Plan]


class Outcome(StrEnum):
    """What can come of an attempt to plan an instance."""

    WITHIN = "within limits"
    VIOLATES = "violates"
    NO_PLAN = "no plan"
    OUT_OF_TIME = "out of time"
    FAILED = "failed"


@dataclass(frozen=True, eq=False)
class Attempt:
    """What came of one run.

    Parameters
    ----------
    outcome
        ``within limits`` and ``violates`` come with a plan and its evaluation, the others with a reason.
    seconds
        Wall time of the heuristic alone.
    plan, evaluation
        The plan and its exact metrics; None without one.
    reason
        Why there is no plan; None if there is one.
    """

    outcome: Outcome
    seconds: float
    plan: Plan | None = None
    evaluation: Evaluation | None = None
    reason: str | None = None


def judged(plan: Plan, evaluation: Evaluation, seconds: float) -> Attempt:
    """Return the attempt that ended with a plan."""
    outcome = Outcome.WITHIN if evaluation.feasible else Outcome.VIOLATES
    return Attempt(outcome, seconds, plan, evaluation)


def attempt(heuristic: Heuristic, instance: Instance, groups: Groups | None = None) -> Attempt:
    """Run a heuristic in this process.

    Parameters
    ----------
    heuristic
        One of `heuristics.registry.HEURISTICS`.
    groups
        The instance's groups, if at hand.
    """
    groups = form_groups(instance) if groups is None else groups
    start = time.perf_counter()
    try:
        plan = heuristic(instance, groups)
        seconds = time.perf_counter() - start
        return judged(plan, evaluate(instance, plan, groups), seconds)
    except Uncoverable as why:
        return Attempt(Outcome.NO_PLAN, time.perf_counter() - start, reason=str(why))
    except Exception as why:
        # A mistake in one heuristic is its own outcome; it must not take the others with it.
        return Attempt(
            Outcome.FAILED, time.perf_counter() - start, reason=f"{type(why).__name__}: {why}".strip(": ")
        )
