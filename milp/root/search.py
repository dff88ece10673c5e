"""Finding the root prices: ascent, then the LP over the batch types that prices ask for.

The LP is solved over few pairs, its duals price all batch types, and the pairs with negative priced cost of
the types that L would run are added, until L meets the LP. Prices move in a box around the best ones found.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from instances.batch_model import BatchModel
from milp.formulation.build import build
from milp.formulation.selection import Selection
from milp.lagrangian.chains import is_chained
from milp.root.ascent import ascend, cheapest_prices
from milp.root.basis import Basis
from milp.root.choice import is_choice
from milp.root.choosing import search_choice
from milp.root.covering import is_covering, search_covering
from milp.root.outcome import Root
from milp.root.pricing import MOST_ADDED, Evaluated, FloatPrices, evaluate_prices
from milp.root.relaxation import Relaxation
from milp.root.scaled import PriceBox

ASCENT_STEPS = 60
FEW_STEPS = 30
FIRST_RADIUS = 0.05
MOST_ROUNDS = 200
CLOSE = 1e-9
MOST_PAIRS = 60_000_000
"""Pairs of types and groups up to which the LP over pairs improves on the choice among shapes in minutes."""
MOST_CHAINED = 4_000_000
"""The same where all types are in chains, and ascent does better."""
NO_PAIRS = (np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64))


def search_root(
    model: BatchModel,
    *,
    target: float | None,
    seed_pairs: Selection | None = None,
    plan_pairs: Selection | None = None,
    until: float,
    latest: float,
    report: Callable[[FloatPrices, float], None] | None = None,
) -> Root:
    """Search for the prices with the largest L.

    Parameters
    ----------
    model
        Batch model.
    target
        Cost of a known plan, in cost ticks.
    seed_pairs
        Pairs to start from besides, such as those of plans.
    plan_pairs
        Pairs of the known plan.
    until
        Clock time (`time.monotonic`) at which to stop, so that engines and trees have time left.
    latest
        Clock time at which to stop where they cannot help.
    report
        Called with every better set of prices and its L in cost ticks.
    """
    if is_covering(model):
        return search_covering(model, seed_pairs=seed_pairs, until=until, report=report)
    seconds = max(0.0, until - time.monotonic())
    ascent_end = time.monotonic() + 0.3 * seconds
    if is_choice(model):
        most = MOST_CHAINED if is_chained(model) else MOST_PAIRS
        large = len(model.types) * len(model.groups) > most
        end = latest if large else ascent_end
        prices, evaluated = search_choice(
            model, target=target, plan_pairs=plan_pairs, until=end, report=report
        )
        met = target is not None and evaluated.value >= target - CLOSE * abs(target)
        if large or met:
            selection = Selection.of(*NO_PAIRS, len(model.groups)) if seed_pairs is None else seed_pairs
            return Root(prices, evaluated, selection, met, large=large)
    else:
        # Prices under which types share requests make poor first pairs: many types look attractive at once.
        start = cheapest_prices(model)
        if target is None:
            # Where there is no plan, prices soon prove more than any plan could cost.
            prices, evaluated = ascend(model, start, dearest(model), FEW_STEPS, ascent_end, chained=False)
            if evaluated.value > dearest(model):
                return Root(prices, evaluated, _first_pairs(model, evaluated), False)
        prices, evaluated = ascend(model, start, target, ASCENT_STEPS, ascent_end, chained=False)
        evaluated = evaluate_prices(model, prices)
        if report is not None:
            report(prices, evaluated.value)
    selection = _first_pairs(model, evaluated)
    if seed_pairs is not None:
        selection = selection.joined(seed_pairs, len(model.groups))
    radius = FIRST_RADIUS
    basis: Basis | None = None
    for _ in range(MOST_ROUNDS):
        if time.monotonic() > until or evaluated.value > dearest(model):
            # No plan costs as much: there is none, and prices only grow from here.
            break
        box = _box(model, prices, radius)
        formulation = build(model, selection, cold_starts=False)
        relaxation = Relaxation(formulation, 1.0, basis)
        relaxed = relaxation.solve(box, time_limit=until - time.monotonic())
        if not relaxed.solved:
            break
        basis = relaxation.basis()
        found = evaluate_prices(model, relaxed.prices)
        scale = max(1.0, abs(relaxed.value))
        if found.value > evaluated.value:
            prices, evaluated = relaxed.prices, found
            if report is not None:
                report(prices, evaluated.value)
        if relaxed.slack < 1e-7 and relaxed.value - evaluated.value <= CLOSE * scale:
            return Root(prices, evaluated, selection, True)
        gap = max(0.0, relaxed.value - evaluated.value)
        grown = selection.joined(_wanted(model, found, gap, scale), len(model.groups))
        if len(grown) == len(selection):
            if relaxed.slack < 1e-7:
                return Root(prices, evaluated, selection, True)
            radius *= 4
        selection = grown
    return Root(prices, evaluated, selection, False)


def dearest(model: BatchModel) -> float:
    """Return more than any plan has of what is minimised, in ticks: requests alone, in the dearest batch."""
    types = model.types
    if not len(types):
        return 0.0
    each = float(types.unit_cost.max()) + float(types.fixed_cost.max())
    if model.minimizes_cold_starts:
        each += float(model.instance.time.cold_start * model.instance.time_scale)
    own = float(model.groups.count @ types.own_cost.astype(np.float64))
    streams = len(model.instance.streams)
    opened = sum(map(float, types.open_once)) + streams * sum(map(float, types.open_stream))
    count = float(model.count_ticks(model.most_shapes)) + float(model.base_ticks)
    return 1.001 * (model.instance.requests * each + own + opened + count)


def _box(model: BatchModel, centre: FloatPrices, radius: float) -> PriceBox:
    typical = float(np.abs(centre.group).mean()) if len(centre.group) else 1.0
    group = radius * np.maximum(np.abs(centre.group), 0.1 * typical + 1e-9)
    whole = max(1.0, float(np.abs(model.groups.count @ centre.group)))
    limit = np.asarray([whole / max(1.0, abs(float(row.bound))) for row in model.rows])
    return PriceBox.around(centre, group, radius * limit)


def _first_pairs(model: BatchModel, evaluated: Evaluated) -> Selection:
    """Return the negative pairs of the types that come nearest to being run, a few types per group."""
    tau = evaluated.batch_value
    number = min(len(tau), 3 * len(model.groups))
    nearest = np.argpartition(tau, number - 1)[:number] if number else np.zeros(0, dtype=np.int64)
    nearest = nearest[np.argsort(tau[nearest], kind="stable")]
    return evaluated.negative_pairs(nearest, most=MOST_ADDED)


def _wanted(model: BatchModel, evaluated: Evaluated, gap: float, scale: float) -> Selection:
    """Return the pairs that L runs, and some that it nearly would, which saves rounds."""
    most = len(model.groups) // 2 + 50
    run = evaluated.negative_pairs(evaluated.attractive_types(1e-12 * scale)[: 4 * most], most=MOST_ADDED)
    tau = evaluated.batch_value
    near = np.flatnonzero((tau < gap) & (tau >= 0))
    near = near[np.argsort(tau[near])][:most]
    return run.joined(evaluated.negative_pairs(near, most=MOST_ADDED), len(model.groups))
