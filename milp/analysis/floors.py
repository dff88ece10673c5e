"""Floors: the least that a metric can be of any plan when no other limit holds, as the verifier says."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction

from instances.instance import Instance
from milp.analysis.plans import Valued, best_plan, quick_plans
from milp.analysis.proofs import quick_proofs
from milp.analysis.scopes import Ask, alone, asks, structure_only
from milp.minimizing import minimize
from milp.progress import Progress, ProgressCallback
from milp.status import Status

logger = logging.getLogger(__name__)

NOT_SEARCHED = "not searched"
"""Status of a floor for which no time was left."""
NOT_CERTIFIED = "not certified"
"""Status of a floor of which the verifier accepted nothing."""
LEAST_SHARE = 0.5
"""Seconds that a floor gets at least while there is any time left."""


@dataclass(frozen=True)
class Floor:
    """The least of a metric.

    Parameters
    ----------
    metric
        ``cost``, ``pad_ratio``, ``total_time``, ``batches``, ``shapes`` or a percentile.
    stream
        Stream index, or None for all.
    limit
        The limit that the metric faces; None without one.
    lower
        Certified: no plan has less. None if nothing is certified.
    value
        What some plan has that keeps to the structure; None if none was found.
    status
        The verifier's, `NOT_CERTIFIED` or `NOT_SEARCHED`.
    seconds
        Time taken.
    """

    metric: str
    stream: int | None
    limit: Fraction | None
    lower: Fraction | None
    value: Fraction | None
    status: str
    seconds: float

    @property
    def is_open(self) -> bool:
        """Whether a search can still raise the floor or find a lower plan."""
        return self.status not in (Status.OPTIMAL, Status.INFEASIBLE)

    @property
    def unreachable(self) -> bool:
        """Whether it is proven that no plan meets the limit."""
        structure = self.status == Status.INFEASIBLE
        return structure or (self.limit is not None and self.lower is not None and self.lower > self.limit)

    @property
    def room(self) -> Fraction | None:
        """Part of the limit that is over the floor, negative if the floor is higher; None without both."""
        if self.limit is None or self.lower is None or not self.limit:
            return None
        return (self.limit - self.lower) / self.limit


def find_floors(
    instance: Instance,
    *,
    time_limit: float,
    progress: ProgressCallback | None = None,
    stopped: Callable[[], bool] = lambda: False,
) -> tuple[Floor, ...]:
    """Find the floors of all metrics, of each stream and of all.

    Parameters
    ----------
    instance
        The problem.
    time_limit
        Seconds for all floors together: each gets an equal share of what is left.
    progress
        Called as the searches go on.
    stopped
        Tells whether the user wants no further floor.

    Returns
    -------
    tuple[Floor, ...]
        In the order of streams, the whole last; floors that were not searched for say so.
    """
    start = time.monotonic()
    wanted = asks(instance)
    found = {ask: _untouched(ask) for ask in wanted}
    try:
        for ask in wanted:
            if stopped() or time.monotonic() > start + time_limit:
                break
            if progress is not None:
                label = f"floor of {words(instance, ask)}"
                progress(Progress(time.monotonic() - start, label, None, None))
            found[ask] = _prove(instance, ask, (start + time_limit - time.monotonic()) / 4)
        # Floors that face a limit say most.
        still = sorted((ask for ask in wanted if found[ask].is_open), key=lambda ask: ask.limit is None)
        for number, ask in enumerate(still):
            left = start + time_limit - time.monotonic()
            if stopped() or left < LEAST_SHARE:
                break
            share = max(LEAST_SHARE, left / (len(still) - number))
            shown = _labelled(progress, f"floor of {words(instance, ask)}", start)
            found[ask] = _search(instance, ask, found[ask], share, shown)
    except KeyboardInterrupt:
        logger.warning("interrupted: keeping the floors found so far")
    return tuple(found[ask] for ask in wanted)


def words(instance: Instance, ask: Ask) -> str:
    """Return what is asked for, for people."""
    return ask.metric if ask.stream is None else f"{ask.metric} of {instance.streams[ask.stream].name}"


def _untouched(ask: Ask) -> Floor:
    return Floor(ask.metric, ask.stream, ask.limit, None, None, NOT_SEARCHED, 0.0)


def _scoped(instance: Instance, ask: Ask) -> Instance:
    return instance if ask.stream is None else alone(instance, ask.stream)


def _prove(instance: Instance, ask: Ask, seconds: float) -> Floor:
    """Return the floor that a few prices prove, and what plans at hand reach."""
    start = time.monotonic()
    scoped = _scoped(instance, ask)
    free = structure_only(scoped).about(scoped)
    floor = _untouched(ask)
    best = best_plan(free, ask.metric, quick_plans(free))
    for proof in quick_proofs(free, ask.metric, seconds):
        if proof.plan is not None:
            plans = [proof.plan] if best is None else [best.plan, proof.plan]
            best = best_plan(free, ask.metric, plans)
        floor = _joined(floor, proof.lower, best)
        if not floor.is_open:
            break
    return replace(_joined(floor, None, best), seconds=time.monotonic() - start)


def _search(
    instance: Instance, ask: Ask, known: Floor, seconds: float, progress: ProgressCallback | None
) -> Floor:
    """Search for a better floor, and a better plan, than those known."""
    start = time.monotonic()
    scoped = _scoped(instance, ask)
    question = structure_only(scoped)
    free = question.about(scoped)
    best = best_plan(free, ask.metric, quick_plans(free))
    result = minimize(
        scoped,
        ask.metric,
        question=question,
        time_limit=seconds,
        warm_start=None if best is None else best.plan,
        progress=progress,
    )
    seconds = known.seconds + time.monotonic() - start
    if result.status is Status.INFEASIBLE:
        return replace(_untouched(ask), status=result.status.value, seconds=seconds)
    found = None
    if result.plan is not None and result.value is not None:
        found = Valued(result.plan, result.value)
    lower = result.lower_bound if result.certified else None
    return replace(_joined(known, lower, found), seconds=seconds)


def _joined(floor: Floor, lower: Fraction | None, best: Valued | None) -> Floor:
    """Return the floor with a further certified bound and a further plan, if they are better."""
    bounds = [bound for bound in (floor.lower, lower) if bound is not None]
    values = [floor.value, None if best is None else best.value]
    proven = max(bounds, default=None)
    value = min((value for value in values if value is not None), default=None)
    status = NOT_CERTIFIED
    if proven is not None:
        status = Status.BOUND if value is None else Status.OPTIMAL if value == proven else Status.GAP
    return replace(floor, lower=proven, value=value, status=str(status))


def _labelled(progress: ProgressCallback | None, label: str, start: float) -> ProgressCallback | None:
    if progress is None:
        return None

    def show(state: Progress) -> None:
        progress(replace(state, seconds=time.monotonic() - start, phase=f"{label}: {state.phase}"))

    return show
