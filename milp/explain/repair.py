"""The nearest plan that meets the limits, by small moves from one that does not."""

from __future__ import annotations

import logging
import time
from collections import Counter
from dataclasses import dataclass, field
from fractions import Fraction
from typing import get_args

from instances.groups import form_groups
from instances.instance import Instance
from instances.metrics import evaluate
from instances.plan import Plan
from instances.shapes import Shape
from milp.explain.moves import Batches, Move, batches_of
from milp.explain.ticks import Values
from milp.explain.workshop import Rule, State, Workshop

logger = logging.getLogger(__name__)

MOST_BATCHES = 3_000
"""Batches of a plan beyond which moves are too many to try."""


@dataclass(frozen=True)
class Step:
    """One move that was made.

    Parameters
    ----------
    words
        What was done.
    requests
        Requests that run in another batch or shape since.
    before, after
        What the plan has of each limited metric.
    cost_before, cost_after
        Cost units.
    """

    words: str
    requests: int
    before: Values
    after: Values
    cost_before: Fraction
    cost_after: Fraction


@dataclass(frozen=True, eq=False)
class Repair:
    """What became of a plan.

    Parameters
    ----------
    plan
        The plan after all steps.
    feasible
        Whether it meets all limits.
    requests
        Requests that run in another batch or shape than in the given plan, at most.
    steps
        The moves, one after another.
    """

    plan: Plan
    feasible: bool
    requests: int
    steps: list[Step] = field(default_factory=list)


def repair(instance: Instance, plan: Plan, *, time_limit: float) -> Repair | None:
    """Mend a plan by as few changes as a local search finds; None if it is too large to be looked at.

    Every step makes the best move around the batches that add most to what is missed. Steps that later ones
    made superfluous are taken back.

    Parameters
    ----------
    instance
        The problem.
    plan
        A plan whose structure is whole, limits on shapes and batches apart.
    time_limit
        Seconds.
    """
    if plan.batches > MOST_BATCHES:
        return None
    begin = time.monotonic()
    workshop = Workshop(instance, form_groups(instance), begin + time_limit)
    first = workshop.state(batches_of(plan))
    if first is None:
        return None
    repairs = []
    for rule in get_args(Rule):
        if workshop.until > time.monotonic():
            repairs.append(_told(workshop, first, _moves(workshop, first, rule)))
    return min(repairs, key=lambda one: (not one.feasible, one.requests), default=None)


def _moves(workshop: Workshop, first: State, rule: Rule) -> list[Move]:
    """Return moves until all limits are met or none helps, without those that the others do not need."""
    state, moves = first, list[Move]()
    try:
        while state.missed and (step := workshop.best_move(state, rule)) is not None:
            moves.append(step[0])
            state = step[1]
    except KeyboardInterrupt:
        logger.warning("interrupted: keeping the moves made so far")
        workshop.until = time.monotonic()
    for move in [] if state.missed else list(moves):
        fewer = [other for other in moves if other is not move]
        left = workshop.replayed(first, fewer)
        if left is not None and not left.missed:
            moves = fewer
    return moves


def _told(workshop: Workshop, first: State, moves: list[Move]) -> Repair:
    """Make the moves one after another, and say what each does."""
    state, steps = first, []
    for move in moves:
        batches = move.apply(state.batches)
        after = None if batches is None else workshop.state(batches)
        assert batches is not None
        assert after is not None
        words = move.words(state.batches, batches)
        changed = move.changed_requests(state.batches)
        steps.append(Step(words, changed, state.values, after.values, state.cost, after.cost))
        state = after
    feasible = evaluate(workshop.instance, state.plan, workshop.groups).feasible
    return Repair(state.plan, feasible, changed_requests(first.batches, state.batches), steps)


def replaced(instance: Instance, old: Plan, new: Plan) -> Repair:
    """Return another plan as what became of one; of very large ones, all requests count as changed."""
    changed = instance.requests
    if max(old.batches, new.batches) <= MOST_BATCHES:
        changed = changed_requests(batches_of(old), batches_of(new))
    return Repair(new, evaluate(instance, new).feasible, changed)


def changed_requests(old: Batches, new: Batches) -> int:
    """Return how many requests run elsewhere: not in the batch that took over most of theirs, shape alike.

    Batches are paired greedily, the largest overlap first, so that fewer may be the truth.
    """
    holders: dict[tuple[int, Shape, int], list[tuple[str, int]]] = {}
    for label, batch in old.items():
        for row, count in batch.entries:
            holders.setdefault((batch.stream, batch.shape, row), []).append((label, count))
    overlaps: Counter[tuple[str, str]] = Counter()
    for label, batch in new.items():
        for row, count in batch.entries:
            for other, before in holders.get((batch.stream, batch.shape, row), []):
                overlaps[label, other] += min(count, before)
    kept, paired_new, paired_old = 0, set[str](), set[str]()
    for (label, other), common in overlaps.most_common():
        if label not in paired_new and other not in paired_old:
            kept += common
            paired_new.add(label)
            paired_old.add(other)
    return sum(batch.size for batch in new.values()) - kept
