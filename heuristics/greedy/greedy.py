"""The greedy heuristic: markets, searches, limits, and the best plan of all that was tried."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from heuristics.assemble import BatchChoice, assemble
from heuristics.errors import Uncoverable
from heuristics.greedy.choices import choices_of, declared
from heuristics.greedy.limits import Row, form_rows, is_broken, weights_of
from heuristics.greedy.market import Market, is_bounded
from heuristics.greedy.order import ordered
from heuristics.greedy.prices import form_prices
from heuristics.greedy.search import opened_again, opened_in, search
from heuristics.greedy.sizing import first_markets, is_whole, second_market
from heuristics.greedy.state import State
from heuristics.one_per_batch import one_per_batch
from heuristics.one_shape import one_shape
from heuristics.powers_of_two import powers_of_two
from heuristics.result import badness
from heuristics.room import refuse_too_long, shape_is_free
from instances.groups import Groups
from instances.instance import Instance
from instances.metrics import Evaluation, evaluate
from instances.plan import Plan

Opened = Sequence[npt.NDArray[np.bool_]]

ITERATIONS = 10
"""Changes of the prices of broken limits."""


CLOSE = Fraction(10006, 10000)
"""A plan within the limits that costs at most this much more than one without them is good enough."""


@dataclass(frozen=True, eq=False)
class Trial:
    """A plan that was tried, with the state of each market and the prices of limits that gave it."""

    plan: Plan
    evaluation: Evaluation
    states: tuple[State, ...] = ()
    rows: tuple[Row, ...] = ()


MOST_KNOWN = 64
"""Shapes of a simple plan up to which the second search considers them."""


def greedy(instance: Instance, groups: Groups) -> Plan:
    """Return the best plan that the search finds: within the limits if it can, then the cheapest.

    Raises
    ------
    Uncoverable
        If no plan was found that is structurally valid.
    """
    refuse_too_long(instance, groups)
    simple = [Trial(plan, evaluate(instance, plan, groups)) for plan in _simple(instance, groups)]
    markets = first_markets(instance, groups)
    trials: list[Trial] = []
    for slack in _slacks(markets):
        trials += _priced_trials(instance, groups, markets, slack)
    best = _best(trials)
    if best is not None and not all(is_whole(instance, market) for market in markets):
        few = [trial for trial in simple if len(trial.plan.shapes) <= MOST_KNOWN]
        known = frozenset(shape for trial in few for shape in trial.plan.shapes)
        markets = [second_market(instance, groups, state, known) for state in best.states]
        if shape_is_free(instance):
            pairs = zip(markets, best.states, strict=True)
            starts = [opened_again(market, state) for market, state in pairs]
            finer = _trial(instance, groups, markets, list(best.rows), 1.0, (), starts)
            trials += [] if finer is None else [finer]
        else:
            shapes = dict.fromkeys(frozenset(trial.plan.shapes) for trial in (best, *few[:1]))
            for seed in shapes:
                starts = [opened_in(market, seed) for market in markets]
                trials += _priced_trials(instance, groups, markets, 1.0, starts)
    best = _best([*simple, *trials])
    if best is None:
        raise Uncoverable("no plan found that keeps to the batch limits and the number of shapes")
    return best.plan


def _best(trials: Sequence[Trial]) -> Trial | None:
    sound = [trial for trial in trials if trial.evaluation.cost is not None]
    return min(sound, key=lambda trial: badness(trial.evaluation), default=None)


def _simple(instance: Instance, groups: Groups) -> list[Plan]:
    plans = []
    heuristics: tuple[Callable[[Instance, Groups], Plan], ...] = (one_per_batch, one_shape, powers_of_two)
    for heuristic in heuristics:
        try:
            plans.append(heuristic(instance, groups))
        except Uncoverable:
            continue
    return plans


def _slacks(markets: Sequence[Market]) -> tuple[float, ...]:
    bounded = any(is_bounded(types.room).any() for market in markets for types in market.types)
    return (1.0, 0.5) if bounded else (1.0,)


def _priced_trials(
    instance: Instance, groups: Groups, markets: Sequence[Market], slack: float, starts: Sequence[Opened] = ()
) -> list[Trial]:
    """Search at the plain costs, then at prices that rise until the limits hold."""
    trial = _trial(instance, groups, markets, [], slack, (), starts)
    if trial is None or trial.evaluation.feasible or trial.evaluation.cost is None:
        return [] if trial is None else [trial]
    rows = form_rows(instance, trial.evaluation, tuple(range(len(instance.streams))))
    trials = [trial]
    for _ in range(ITERATIONS):
        for row in rows:
            row.adapt(is_broken(instance, trials[-1].evaluation, row))
        following = _trial(instance, groups, markets, rows, slack, trials[-1].states)
        if following is None:
            break
        trials.append(following)
        reached = following.evaluation.cost
        if following.evaluation.feasible and reached is not None and reached <= trial.evaluation.cost * CLOSE:
            break
    return trials


def _trial(
    instance: Instance,
    groups: Groups,
    markets: Sequence[Market],
    rows: list[Row],
    slack: float,
    before: tuple[State, ...],
    starts: Sequence[Opened] = (),
) -> Trial | None:
    states = []
    for index, market in enumerate(markets):
        weights = tuple(weights_of(instance, rows, stream) for stream in market.streams)
        prices = form_prices(market, weights, slack)
        if before and before[index].board.prices.equals(prices):
            states.append(before[index])
        elif before:
            states.append(search(market, prices, before[index].opened, 2))
        else:
            states.append(search(market, prices, starts[index] if starts else None))
    chosen: list[BatchChoice] = []
    for state in states:
        choices = choices_of(instance, groups, state)
        if choices is None:
            return None
        chosen += choices
    chosen = declared(instance, groups, chosen)
    plan = assemble(instance, groups, ordered(instance, groups, chosen))
    return Trial(plan, evaluate(instance, plan, groups), tuple(states), tuple(replace(row) for row in rows))
