"""Solving an instance, and bounding a plan: search, certificate, verdict."""

from __future__ import annotations

import time
from dataclasses import replace
from fractions import Fraction
from typing import Any

from instances.digest import digest
from instances.instance import Instance
from instances.metrics import Evaluation, evaluate
from instances.objective_value import objective_ticks, objective_value, value_at
from instances.plan import Plan
from instances.question import Question
from milp.certificate import Certificate
from milp.engines.registry import EXACT
from milp.fewer_digits import with_fewer_digits
from milp.progress import ProgressCallback
from milp.result import Result
from milp.search import Search
from milp.status import Status
from milp.verifier import verify


def solve(
    instance: Instance,
    *,
    engine: str = EXACT,
    heuristic: str | None = None,
    warm_start: Plan | None = None,
    time_limit: float = 60.0,
    gap: float = 0.0,
    workers: int = 2,
    seed: int = 0,
    progress: ProgressCallback | None = None,
) -> Result:
    """Find a cheapest plan and certify how good it is.

    Parameters
    ----------
    instance
        The problem.
    engine
        ``exact``, ``cpsat``, or a solver that PuLP finds (``milp.engines.available()``).
    heuristic
        Heuristic whose plan starts the search; by default the best of several.
    warm_start
        A plan to start from besides.
    time_limit
        Seconds for the search; verification comes on top.
    gap
        Relative gap at which to stop.
    workers, seed
        Threads and random seed of the engine.
    progress
        Called as the search goes on.

    Raises
    ------
    InputError
        If there is no such engine or heuristic.
    """
    search = Search(instance, engine, time_limit, gap, workers, seed, progress)
    search.run(heuristic, warm_start)
    return conclude(search, search.incumbent.plan)


def bound(
    instance: Instance,
    plan: Plan,
    *,
    engine: str = EXACT,
    time_limit: float = 60.0,
    gap: float = 0.0,
    workers: int = 2,
    seed: int = 0,
    progress: ProgressCallback | None = None,
) -> Result:
    """Certify how far a plan is from the best one; the parameters are those of `solve`."""
    search = Search(instance, engine, time_limit, gap, workers, seed, progress)
    search.run(None, plan)
    return conclude(search, plan)


def ask(instance: Instance, question: Question, **settings: Any) -> Result:
    """Solve the instance that asks a question; the certificate names the question.

    Parameters
    ----------
    instance
        The problem as its file has it.
    question
        How to change it.
    settings
        Those of `solve`.

    Raises
    ------
    InputError
        If the question names what the instance does not have.
    """
    result = solve(question.about(instance), **settings)
    certificate = result.certificate
    if certificate is not None:
        certificate = replace(certificate, question=question)
    return replace(result, certificate=certificate)


def conclude(search: Search, plan: Plan | None) -> Result:
    """Build the certificate of a search that has ended, let the verifier judge it, and return the outcome.

    Parameters
    ----------
    search
        The search.
    plan
        The plan that the certificate is about.
    """
    begin = time.monotonic()
    evaluation = None if plan is None else evaluate(search.instance, plan, search.model.groups)
    certificate = _certificate(search, plan, evaluation)
    verdict = verify(search.instance, certificate, search.model)
    times = {**search.times, "verification": time.monotonic() - begin}
    no_plan = verdict.status is Status.BOUND and plan is None
    return Result(
        instance=search.instance,
        engine=search.engine,
        status=Status.NO_PLAN if no_plan else verdict.status,
        plan=plan,
        evaluation=evaluation,
        certificate=certificate,
        aim=search.instance.minimize,
        value=None if evaluation is None else objective_value(search.instance, evaluation),
        lower_bound=verdict.lower_bound,
        claimed_bound=search.claimed,
        seconds=time.monotonic() - search.start,
        times=times,
    )


def _certificate(search: Search, plan: Plan | None, evaluation: Evaluation | None) -> Certificate:
    feasible = evaluation is not None and evaluation.feasible
    upper = objective_value(search.instance, evaluation) if evaluation is not None and feasible else None
    lower: Fraction | None = None
    # A proof that there is no plan needs one tick in each of its cases.
    needed = 1
    if not search.infeasible:
        needed = search.tree.ticks
        if evaluation is not None and feasible:
            needed = min(needed, objective_ticks(search.instance, evaluation) or 0)
        lower = value_at(search.instance, needed)
    # What reduces has to leave out all that it did for the leaves: it is not rounded.
    spare = [
        0 if index == search.tree.reduction else reached - needed
        for index, reached in enumerate(search.tree.reached)
    ]
    return Certificate(
        instance=digest(search.instance),
        cost_scale=search.instance.cost_scale,
        time_scale=search.instance.time_scale,
        lower_bound=lower,
        upper_bound=upper,
        plan=plan if feasible else None,
        nodes=search.tree.nodes,
        prices=with_fewer_digits(search.tree.prices, spare, search.model.groups.count),
        reduction=search.tree.reduction,
    )
