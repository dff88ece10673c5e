"""Which shapes to open at least value: σ of every shape, and the least of count(N) plus N of them.

Sums over many types may pass 64 bits, so everything here is Python ints in arrays of dtype object.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from instances.batch_model import BatchModel
from milp.lagrangian.box import Box
from milp.lagrangian.prices import Prices, Weights

Array = npt.NDArray[Any]


def shape_totals(
    model: BatchModel,
    weights: Weights,
    prices: Prices,
    totals: Array,
    used: set[tuple[int, int]],
    barred: set[tuple[int, int]],
) -> list[int | None] | None:
    """Return σ of every shape, None if it cannot be opened; None instead of the list if the box is empty.

    Parameters
    ----------
    model, weights, prices
        Batch model, prices, and the weights that they make.
    totals
        Shape (shapes, streams): what running types of the shape is worth.
    used
        Pairs of shape and stream that count even if they cost.
    barred
        Pairs that cannot be used.
    """
    if used & barred:
        return None
    parts = totals - _rebates(model, prices)
    for name, per_stream in model.columns["open_stream"]:
        weight = np.asarray([stages[0] for stages in weights.measures[name]], dtype=object)
        parts = parts + weight * per_stream[:, None] // prices.fineness
    taken = (parts < 0).astype(bool)
    closed = np.zeros_like(taken)
    for pair in used:
        taken[pair] = True
    for pair in barred:
        taken[pair], closed[pair] = False, True
    sums = np.where(taken, parts, 0).sum(axis=1)
    # An opened shape is used by at least one stream: by the least dear one, if all cost.
    least = np.where(closed, parts.max(initial=0) + 1, parts).min(axis=1)
    sigma = np.where(taken.any(axis=1), sums, least)
    for name, once in model.columns["open_once"]:
        sigma = sigma + weights.over_all[name] * once // prices.fineness
    impossible = set(np.flatnonzero(closed.all(axis=1)).tolist())
    return [None if shape in impossible else value for shape, value in enumerate(sigma.tolist())]


def count_value(model: BatchModel, weights: Weights, number: int, fineness: int) -> int:
    """Return what `number` opened shapes weigh by their number, in whole 1/d ticks."""
    weighed = (
        (price, model.measures[name].count[number]) for name, price in weights.over_all.items() if price
    )
    return int(sum(price * count // fineness for price, count in weighed))


def _rebates(model: BatchModel, prices: Prices) -> Array:
    """Return Σ n_i κ_is of every shape and stream: shape (shapes, streams)."""
    rebates = np.zeros((len(model.types.shapes), len(model.instance.streams)), dtype=object)
    amounts = model.groups.count[prices.link_group].astype(object) * prices.link
    np.add.at(rebates, (prices.link_shape, model.groups.stream[prices.link_group]), amounts)
    return rebates


def least_choice(
    model: BatchModel, weights: Weights, fineness: int, sigma: list[int | None], box: Box
) -> int | None:
    """Return the least of count(N) plus N chosen σ within the box; None if no choice is allowed."""
    forced = set(box.opened)
    for batch in box.bounded_types():
        run = box.batches.get(batch, (0, None))[0] > 0
        if run or any(key[1] == batch and bounds[0] > 0 for key, bounds in box.requests.items()):
            forced.add(int(model.types.shape[batch]))
    if forced & box.closed or any(sigma[shape] is None for shape in forced):
        return None
    out = forced | box.closed
    free = sorted(value for s, value in enumerate(sigma) if value is not None and s not in out)
    total = sum(value for s, value in enumerate(sigma) if value is not None and s in forced)
    most = model.most_shapes if box.shapes[1] is None else min(model.most_shapes, box.shapes[1])
    best: int | None = None
    for number in range(len(forced), min(most, len(forced) + len(free)) + 1):
        added = free[number - len(forced) - 1] if number > len(forced) else 0
        if best is not None and added >= 0:
            # No further shape is worth anything, and the cost of their number never falls.
            break
        total += added
        if number >= box.shapes[0]:
            value = total + count_value(model, weights, number, fineness)
            best = value if best is None else min(best, value)
    return best
