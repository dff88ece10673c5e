"""Bounding one node: relaxation, pricing over all batch types, exact L."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from instances.batch_model import BatchModel
from milp.formulation.arrays import Formulation
from milp.lagrangian import Box, Prices, lower_bound
from milp.root.exact import exact_bound
from milp.root.pricing import FloatPrices, evaluate_prices
from milp.root.relaxation import PriceBox, Relaxed, solve_relaxation
from milp.tree.pool import Pool, negative_pairs_in_box

Floats = npt.NDArray[np.float64]

WIDENINGS = 6
ROUNDS = 12
ENOUGH = 1e-9


@dataclass(frozen=True, eq=False)
class Bounded:
    """A node after bounding.

    Attributes
    ----------
    prices
        Exact prices of the best L found.
    ticks
        That L, rounded up to a whole cost tick (or to a whole unit of infeasibility); None if the box is empty.
    centre
        The prices as floats, where children start.
    relaxed
        The last relaxation, over `formulation`; None if it was not solved or sits in slack.
    formulation
        What it was solved over.
    """

    prices: Prices
    ticks: int | None
    centre: FloatPrices
    relaxed: Relaxed | None
    formulation: Formulation


def whole_ticks(numerator: int | None, prices: Prices) -> int | None:
    """Return L rounded up to whole ticks; for a zero objective 1 if L > 0 and at most 0 otherwise."""
    if numerator is None:
        return None
    return -(-numerator // prices.denominator)


def inherited(model: BatchModel, prices: Prices, box: Box) -> int | None:
    """Return L of given prices in a box, in whole ticks."""
    return whole_ticks(lower_bound(model, prices, box).numerator, prices)


def bound_node(
    model: BatchModel,
    pool: Pool,
    box: Box,
    parent: FloatPrices,
    parent_prices: Prices,
    cutoff: int | None,
    until: float,
) -> Bounded:
    """Bound a node.

    Parameters
    ----------
    model, pool
        Batch model, and the pairs known so far; it grows.
    box
        The node.
    parent, parent_prices
        Prices of the parent, as floats and exact: the node is never worse than under these.
    cutoff
        Ticks at which the node is closed.
    until
        Clock time at which to stop.
    """
    best_prices, best_ticks = parent_prices, inherited(model, parent_prices, box)
    centre, relaxed = parent, None
    radius, widened = 1.0, 0
    solved_over = pool.formulation
    for _ in range(ROUNDS + WIDENINGS):
        if best_ticks is None or (cutoff is not None and best_ticks >= cutoff) or time.monotonic() > until:
            break
        lower, upper = pool.bounds(box)
        formulation = pool.formulation
        attempt = solve_relaxation(
            formulation,
            _price_box(model, centre, radius),
            objective=parent.objective,
            time_limit=until - time.monotonic(),
            lower=lower,
            upper=upper,
        )
        if not attempt.solved:
            break
        in_slack = attempt.slack > 1e-7
        relaxed, solved_over = (None if in_slack else attempt), formulation
        prices, bound = exact_bound(model, attempt.prices, box)
        ticks = whole_ticks(bound.numerator, prices)
        if ticks is None or best_ticks is None or ticks > best_ticks:
            best_prices, best_ticks, centre = prices, ticks, attempt.prices
        if ticks is None or (not in_slack and attempt.value - ticks <= ENOUGH * max(1.0, abs(attempt.value))):
            break
        evaluated = evaluate_prices(model, attempt.prices)
        grown = pool.add(
            negative_pairs_in_box(evaluated, box, 1e-12 * abs(attempt.value), 2 * len(model.groups) + 50)
        )
        if not grown:
            if not in_slack or widened == WIDENINGS:
                break
            radius, widened = radius * 10, widened + 1
    return Bounded(best_prices, best_ticks, centre, relaxed, solved_over)


def _price_box(model: BatchModel, centre: FloatPrices, radius: float) -> PriceBox:
    typical = float(np.abs(centre.group).mean()) + 1.0
    whole = float(model.groups.count @ np.abs(centre.group)) + 1.0
    limit = np.asarray([radius * whole / max(1.0, abs(float(row.bound))) for row in model.rows])
    group = radius * np.maximum(np.abs(centre.group), typical)
    return PriceBox.around(centre, group, limit)
