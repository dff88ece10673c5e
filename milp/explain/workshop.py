"""A plan being mended: what each move would make of it, and which move is best."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from instances.groups import Groups
from instances.instance import Instance
from instances.limits import LatencyLimit, percentile_quantile
from instances.metrics import evaluate
from instances.named_limits import LimitName, named_limits
from instances.plan import Plan
from instances.running import run_batches
from milp.explain.asking import Held
from milp.explain.contributions import batch_amounts, contributions
from milp.explain.moves import Batches, Move, plan_of_batches
from milp.explain.neighbours import Neighbours
from milp.explain.ticks import Values, values_in, without_capacity

CULPRITS = 6
"""Batches per missed limit around which moves are tried."""

Rule = Literal["rate", "most"]
"""Which move is best: the one that gains most per request that changes, or the one that gains most."""

ONE_BATCH = ("max_batch_size", "max_batch_tokens")


@dataclass(frozen=True, eq=False)
class State:
    """A plan on the way.

    Parameters
    ----------
    batches, plan
        The plan.
    values, cost
        What it has of each limited metric, and its cost in cost units.
    missed
        How far it is from meeting all limits: 0 if it does.
    """

    batches: Batches
    plan: Plan
    values: Values
    cost: Fraction
    missed: Fraction


class Workshop:
    """What a plan is mended with.

    Parameters
    ----------
    instance, groups
        The problem.
    until
        Clock time (`time.monotonic`) at which to stop.
    """

    def __init__(self, instance: Instance, groups: Groups, until: float) -> None:
        self.instance, self.groups, self.until = instance, groups, until
        self._bare = without_capacity(instance)
        self._own: Held = named_limits(instance)

    def state(self, batches: Batches) -> State | None:
        """Return what some batches amount to; None if their structure is broken."""
        found = []
        for settle in (False, True) if self.instance.time.cold_start else (False,):
            plan = plan_of_batches(self.instance, self.groups, batches, settle=settle)
            evaluation = evaluate(self._bare, plan, self.groups)
            if evaluation.total is None:
                return None
            values = values_in(evaluation, self.instance, self.groups, plan, list(self._own))
            found.append(State(batches, plan, values, evaluation.total.cost, self._missed(plan, values)))
        return min(found, key=lambda state: state.missed)

    def best_move(self, state: State, rule: Rule) -> tuple[Move, State] | None:
        """Return the move that mends most, by a rule, or the smallest that mends all; None if none gains."""
        best: tuple[tuple[bool, Fraction, Fraction], Move, State] | None = None
        for move in self._candidates(state):
            if time.monotonic() > self.until:
                break
            batches = move.apply(state.batches)
            after = None if batches is None else self.state(batches)
            if after is None or after.missed >= state.missed:
                continue
            changed = max(1, move.changed_requests(state.batches))
            gain = state.missed - after.missed
            worth = -gain / changed if rule == "rate" else -gain
            key = (after.missed > 0, worth if after.missed else Fraction(changed), after.cost)
            if best is None or key < best[0]:
                best = key, move, after
        return None if best is None else best[1:]

    def replayed(self, state: State, moves: list[Move]) -> State | None:
        """Return the state after some moves; None if one of them does not apply any more."""
        batches: Batches | None = state.batches
        for move in moves:
            batches = None if batches is None else move.apply(batches)
        return None if batches is None else self.state(batches)

    def _candidates(self, state: State) -> Iterator[Move]:
        over = [name for name, value in self._own.items() if state.values[name] > value]
        around = Neighbours(self.instance, state.batches)
        labels = list(state.batches)
        seen: set[str] = set()
        for name in over:
            rows = contributions(self.instance, self.groups, state.plan, name, self._own[name])
            for row in rows[:CULPRITS]:
                label = labels[row.batch]
                if label not in seen:
                    seen.add(label)
                    yield from around.moves(label, over)

    def _missed(self, plan: Plan, values: Values) -> Fraction:
        """Return the sum of what is over each limit, relative to it."""
        over = [(name, limit) for name, limit in self._own.items() if values[name] > limit]
        return sum((self._excess(plan, name, limit, values[name]) for name, limit in over), Fraction(0))

    def _excess(self, plan: Plan, name: LimitName, limit: Fraction, value: Fraction) -> Fraction:
        relative = (value - limit) / (limit or 1)
        share = percentile_quantile(name.metric)
        if share is None and name.metric not in ONE_BATCH:
            return relative
        # The worst batch or request tells nothing of how many there are.
        running = run_batches(self.instance, self.groups, plan)
        amounts, _ = batch_amounts(self.instance, self.groups, plan, running, name, limit)
        if share is None:
            return sum((max(Fraction(0), (amount - limit) / limit) for amount in amounts), Fraction(0))
        requests = self.instance.requests
        if name.stream is not None:
            requests = self.instance.streams[name.stream].demand.requests
        allowed = requests - LatencyLimit(limit, share).rank(requests)
        return relative + Fraction(max(0, sum(amounts) - allowed), requests)
