"""Everything that can be said of an instance's limits, or of a plan against them."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from instances.groups import form_groups
from instances.instance import Instance
from instances.metrics import Evaluation, evaluate
from instances.named_limits import named_limits
from instances.plan import Plan
from milp.explain.asking import Asking
from milp.explain.causes import Cause, count_cause, memory_cause, uncovered
from milp.explain.compromise import Compromise, best_compromise
from milp.explain.conflict import Conflict, find_conflict
from milp.explain.contributions import Contribution, contributions
from milp.explain.relaxation import Relaxation, least_relaxation
from milp.explain.repair import Repair, repair, replaced
from milp.explain.standing import Price, Standing, limit_prices, standings
from milp.explain.ticks import plan_values
from milp.result import Result
from milp.solving import solve
from milp.status import Status

CONFLICT_SHARE, COMPROMISE_SHARE = 0.4, 0.3
"""Parts of the time limit after which the conflict is left as it is, and that are kept for the compromise."""
SOLVE_SHARE = 0.7
"""Part of the time limit in which a feasible instance is solved; the rest is for the prices."""


@dataclass(frozen=True, eq=False)
class Explanation:
    """What is said of an instance.

    Parameters
    ----------
    instance
        The problem.
    status
        ``certified infeasible``; of a feasible instance, the status of its best plan; or ``no plan found``.
    causes
        What lies in single requests or in the machine.
    conflict, relaxations, compromise
        Of an infeasible instance: limits that cannot be met together, how far each has to give way, and the
        plan that exceeds all limits least.
    result, standings, prices
        Of a feasible one: its best plan, where that stands with each limit, and what more of each could save.
    seconds
        Whole running time.
    """

    instance: Instance
    status: Status
    causes: list[Cause] = field(default_factory=list)
    conflict: Conflict | None = None
    relaxations: list[Relaxation] = field(default_factory=list)
    compromise: Compromise | None = None
    result: Result | None = None
    standings: list[Standing] = field(default_factory=list)
    prices: list[Price] = field(default_factory=list)
    seconds: float = 0.0


@dataclass(frozen=True, eq=False)
class PlanExplanation:
    """What is said of a plan.

    Parameters
    ----------
    instance, plan, evaluation
        The problem, the plan, and its metrics and violations.
    standings
        Where it stands with each limit, the worst first; empty if its structure is broken.
    contributions
        What each batch adds to the worst one, the most first.
    repair
        What mends the plan; None if nothing has to be mended, or nothing that does was found.
    searched
        Whether that is a plan that a search found, instead of small moves.
    infeasible
        Why the instance has no plan, if so.
    seconds
        Whole running time.
    """

    instance: Instance
    plan: Plan
    evaluation: Evaluation
    standings: list[Standing] = field(default_factory=list)
    contributions: list[Contribution] = field(default_factory=list)
    repair: Repair | None = None
    searched: bool = False
    infeasible: Explanation | None = None
    seconds: float = 0.0


def explain(instance: Instance, *, time_limit: float = 60.0, workers: int = 2, seed: int = 0) -> Explanation:
    """Explain why an instance has no plan; if it has one, what its limits are worth.

    Parameters
    ----------
    instance
        The problem.
    time_limit
        Seconds.
    workers, seed
        Threads and random seed of the engine.
    """
    begin = time.monotonic()
    asking = Asking(instance, time_limit, workers, seed)
    first = asking.ask(asking.own)
    if first.plan is not None:
        return _of_feasible(asking, first.plan, begin, time_limit)
    if first.certificate is None:
        return Explanation(instance, Status.NO_PLAN, seconds=time.monotonic() - begin)
    with asking.until(1 - CONFLICT_SHARE):
        conflict = find_conflict(asking, first.certificate)
    causes = uncovered(instance) if not conflict.held else []
    memory = memory_cause(instance, conflict.held)
    causes += [] if memory is None else [memory]
    with asking.interruptible():
        count = count_cause(instance, asking.about(conflict.held), max(1.0, 0.1 * asking.left))
        causes += [] if count is None else [count]
    relaxations = []
    with asking.until(COMPROMISE_SHARE):
        for number, name in enumerate(conflict.held):
            share = 1 / (len(conflict.held) - number)
            relaxations.append(least_relaxation(asking, name, first.certificate, share))
    compromise = best_compromise(asking) if conflict.held else None
    seconds = time.monotonic() - begin
    return Explanation(
        instance, Status.INFEASIBLE, causes, conflict, relaxations, compromise, seconds=seconds
    )


def _of_feasible(asking: Asking, plan: Plan, begin: float, time_limit: float) -> Explanation:
    """Solve a feasible instance, and find what more of each limit could save."""
    instance, own = asking.instance, asking.own
    seconds = max(1.0, begin + SOLVE_SHARE * time_limit - time.monotonic())
    result = solve(instance, warm_start=plan, time_limit=seconds, workers=asking.workers, seed=asking.seed)
    stand, prices = [], list[Price]()
    if result.plan is not None:
        stand = standings(own, asking.values(result.plan))
    if result.certificate is not None and result.value is not None and result.lower_bound is not None:
        with asking.interruptible():
            until = begin + time_limit
            prices = limit_prices(instance, result.certificate, own, result.value, until)
    return Explanation(
        instance,
        result.status,
        result=result,
        standings=stand,
        prices=prices,
        seconds=time.monotonic() - begin,
    )


def explain_plan(
    instance: Instance, plan: Plan, *, time_limit: float = 60.0, workers: int = 2, seed: int = 0
) -> PlanExplanation:
    """Explain which limits a plan misses, which batches make it so, and what mends it.

    Parameters
    ----------
    instance
        The problem.
    plan
        A plan for it.
    time_limit
        Seconds.
    workers, seed
        Threads and random seed of the engine.
    """
    begin = time.monotonic()
    groups = form_groups(instance)
    evaluation = evaluate(instance, plan, groups)
    own = named_limits(instance)
    values = plan_values(instance, groups, plan, list(own))
    if values is None or not own:
        return PlanExplanation(instance, plan, evaluation, seconds=time.monotonic() - begin)
    stand = standings(own, values)
    rows = contributions(instance, groups, plan, stand[0].name, stand[0].limit)
    mended, searched, infeasible = None, False, None
    if not evaluation.feasible:
        mended = repair(instance, plan, time_limit=0.5 * time_limit)
        if mended is None or not mended.feasible:
            left = max(1.0, begin + time_limit - time.monotonic())
            found, infeasible = _searched(instance, plan, left, workers, seed)
            mended, searched = found or mended, found is not None
    seconds = time.monotonic() - begin
    return PlanExplanation(instance, plan, evaluation, stand, rows, mended, searched, infeasible, seconds)


def _searched(
    instance: Instance, plan: Plan, time_limit: float, workers: int, seed: int
) -> tuple[Repair | None, Explanation | None]:
    """Return what a search makes of a plan, or why there is none that meets the limits."""
    asking = Asking(instance, time_limit, workers, seed)
    answer = asking.ask(asking.own)
    if answer.certificate is not None:
        return None, explain(instance, time_limit=max(1.0, asking.left), workers=workers, seed=seed)
    if answer.plan is None:
        return None, None
    return replaced(instance, plan, answer.plan), None
