"""τ: the least priced value of running each batch type at all, for every type at once.

τ_b = min over z ≥ 1 and 0 ≤ x_i ≤ n_i, Σ x_i ≤ c_b z of  Σ c_ib x_i + f_b z,  where the priced unit cost
splits as c_ib = U_b − r_i − (rewards of the latency limits that the pair meets) + (link price of the pair).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from instances.batch_model import BatchModel
from instances.exact import INT64_SAFE, magnitude, narrowed, shifted, widened
from milp.lagrangian.prices import Weights

Array = npt.NDArray[Any]

BLOCK = 64
"""Types handled at once: neighbours, which the same few groups can make negative."""


@dataclass(frozen=True, eq=False)
class Priced:
    """The batch model under prices, before minimising.

    Attributes
    ----------
    on_time
        Per stream, (threshold, reward) of each service-latency limit.
    type_unit, type_fixed
        Shape (types,): U_b and f_b.
    group_gain
        Shape (groups,): r_i.
    link
        Shape (linked shapes, groups): link prices, dense over the shapes that have any.
    link_row
        Shape (shapes,): row of each shape in `link`, −1 for none.
    """

    model: BatchModel
    on_time: list[list[tuple[int, Any]]]
    type_unit: Array
    type_fixed: Array
    group_gain: Array
    link: Array
    link_row: npt.NDArray[np.int64]

    def pair_costs(self, types: Array, groups: Array) -> Array:
        """Return c_ib, shape (len(types), len(groups)), for types and groups of one stream."""
        model = self.model
        costs: Array = self.type_unit[types][:, None] - self.group_gain[groups][None, :]
        stream = int(model.types.stream[types[0]]) if len(types) else 0
        for threshold, reward in self.on_time[stream]:
            if reward:
                room = shifted(-model.types.unit_latency[types], threshold)
                met = model.types.own_latency[groups][None, :] <= room[:, None]
                costs = costs - met * np.asarray(reward, dtype=costs.dtype)
        rows = self.link_row[model.types.shape[types]]
        if (rows >= 0).any():
            linked = rows >= 0
            costs[linked] += self.link[rows[linked]][:, groups]
        return costs

    def fits(self, types: Array, groups: Array) -> npt.NDArray[np.bool_]:
        """Tell which groups fit which types, shape (len(types), len(groups)), within one stream."""
        t, g = self.model.types, self.model.groups
        within: npt.NDArray[np.bool_] = g.gen[groups][None, :] <= t.gen[types][:, None]
        within &= g.prompt[groups][None, :] <= t.prompt[types][:, None]
        return within


def priced(
    model: BatchModel,
    weights: Weights,
    group_price: Array,
    links: tuple[Array, Array, Array],
    fineness: int | None,
) -> Priced:
    """Combine costs, padding and time with their weights.

    Parameters
    ----------
    model, weights
        Batch model, and weights: Python ints, or floats.
    group_price
        Shape (groups,): α.
    links
        Group indices, shape indices and prices of the strong links.
    fineness
        For exact prices, the weights' extra denominator: every product with a weight is rounded down (a
        reward up) to whole units of 1/d, which can only lower the bound. None for floats.
    """
    t, g = model.types, model.groups

    def product(weight: list[Any], values: Array, index: tuple[Array, ...]) -> Array:
        per_row = np.asarray(weight, dtype=object if fineness else np.float64)[index]
        if fineness is None:
            return np.asarray(per_row * values.astype(np.float64))
        top = max((abs(int(w)) for w in np.ravel(np.asarray(weight, dtype=object))), default=0)
        if not top:
            return np.zeros(len(values), dtype=np.int64)
        bound = top * magnitude(values)
        return narrowed(widened(narrowed(per_row), bound) * widened(values, bound) // fineness)

    reward = np.asarray(weights.reward, dtype=object if fineness else np.float64)[t.stream, t.stage]
    if fineness:
        reward = narrowed(-(-reward // fineness))
    unit = product(weights.cost, t.unit_cost, (t.stream,))
    unit = unit + product(weights.tokens, t.unit_tokens, (t.stream,)) - reward
    fixed = product(weights.cost, t.fixed_cost, (t.stream,))
    fixed = fixed + product(weights.tokens, t.fixed_tokens, (t.stream,))
    fixed = fixed + product(weights.time, t.duration, (t.stream, t.stage))
    gain = group_price - product(weights.cost, t.own_cost, (g.stream,))
    gain = gain - product(weights.tokens, t.own_tokens, (g.stream,))
    on_time = weights.on_time
    if fineness:
        on_time = [[(limit, -(-price // fineness)) for limit, price in part] for part in on_time]
    link_group, link_shape, link_price = links
    if fineness:
        bonus = max(sum(price for _, price in part) for part in on_time)
        dtype = _exact_dtype(model, unit, fixed, gain, bonus, link_price)
        unit, fixed, gain, link_price = (a.astype(dtype) for a in (unit, fixed, gain, link_price))
    linked = np.unique(link_shape).astype(np.int64)
    link_row = np.full(len(t.shapes), -1, dtype=np.int64)
    link_row[linked] = np.arange(len(linked))
    dense = np.zeros((len(linked), len(g)), dtype=unit.dtype)
    dense[link_row[link_shape.astype(np.int64)], link_group.astype(np.int64)] = link_price
    return Priced(model, on_time, unit, fixed, gain, dense, link_row)


def _exact_dtype(model: BatchModel, unit: Array, fixed: Array, gain: Array, bonus: int, link: Array) -> type:
    """Return np.int64 if it provably holds every value that `batch_values` forms, else object.

    Every intermediate is at most (Σ of the magnitudes of its terms) × (twice the number of requests + 2).
    """
    terms = magnitude(unit) + magnitude(fixed) + magnitude(gain) + bonus + magnitude(link)
    requests = max(stream.demand.requests for stream in model.instance.streams)
    return np.int64 if terms * (2 * requests + 2) < INT64_SAFE else object


def batch_values(priced_model: Priced, skipped: npt.NDArray[np.bool_] | None = None) -> Array:
    """Return τ for every type: shape (types,), of the dtype of the prices; 0 where types are skipped."""
    model = priced_model.model
    values = priced_model.type_fixed.copy()
    skip = np.zeros(len(values), dtype=bool) if skipped is None else skipped
    values[skip] = 0
    for stream in range(len(model.instance.streams)):
        groups = np.arange(model.groups.start[stream], model.groups.start[stream + 1])
        mine = np.flatnonzero((model.types.stream == stream) & ~skip)
        # Neighbouring types together, so that few groups can be negative for any of a block.
        unit = priced_model.type_unit[mine]
        mine = mine[np.lexsort((unit.astype(np.float64), model.types.prompt[mine]))]
        for start in range(0, len(mine), BLOCK):
            block = mine[start : start + BLOCK]
            longest = model.types.prompt[block[-1]]
            reach = int(np.searchsorted(model.groups.prompt[groups], longest, side="right"))
            values[block] = _block_values(priced_model, block, groups[:reach])
    return values


def _block_values(priced_model: Priced, types: Array, groups: Array) -> Array:
    model = priced_model.model
    requests = model.instance.streams[int(model.types.stream[types[0]])].demand.requests
    # Groups that fit no type of the block, or whose gain none can turn into a negative cost, only cost time.
    bonus = sum(reward for _, reward in priced_model.on_time[int(model.types.stream[types[0]])])
    useful = (priced_model.group_gain[groups] > priced_model.type_unit[types].min() - bonus).astype(bool)
    groups = groups[useful & (model.groups.gen[groups] <= model.types.gen[types].max())]
    if not len(groups):
        return priced_model.type_fixed[types]
    costs = np.minimum(priced_model.pair_costs(types, groups), 0) * priced_model.fits(types, groups)
    count = model.groups.count[groups].astype(costs.dtype)
    fixed, capacity = priced_model.type_fixed[types], model.types.capacity[types]
    value: Array = fixed + costs @ count
    tight = capacity < requests
    if tight.any():
        value[tight] = _capacitated(costs[tight], count, fixed[tight], capacity[tight].astype(costs.dtype))
    return value


def _capacitated(costs: Array, count: Array, fixed: Array, capacity: Array) -> Array:
    """Return min over z ≥ 1 of f z + (cheapest c z requests), for unit costs of at most 0.

    The value is convex in z; its real minimiser is M / c, where M counts the requests whose unit cost exceeds
    the fixed cost per slot, c·cost + f < 0. The integer minimiser is next to it.
    """
    order = np.argsort(costs, axis=1, kind="stable")
    costs = np.take_along_axis(costs, order, axis=1)
    count = count[order] * (costs < 0)
    reached = np.cumsum(count, axis=1)
    paid = np.cumsum(count * costs, axis=1)
    worth = (count * (costs * capacity[:, None] + fixed[:, None] < 0)).sum(axis=1)
    floor = worth // capacity
    below = _filled(np.maximum(floor, 1), costs, reached, paid, fixed, capacity)
    above = _filled(np.maximum(floor + 1, 1), costs, reached, paid, fixed, capacity)
    return np.minimum(below, above)


def _filled(
    batches: Array, costs: Array, reached: Array, paid: Array, fixed: Array, capacity: Array
) -> Array:
    """Return f z + cost of the cheapest c z requests of each row."""
    slots = np.minimum(batches * capacity, reached[:, -1])
    full = (reached <= slots[:, None]).sum(axis=1)
    row = np.arange(len(costs))
    before = np.where(full > 0, paid[row, np.maximum(full - 1, 0)], 0)
    served = np.where(full > 0, reached[row, np.maximum(full - 1, 0)], 0)
    partial = np.minimum(full, costs.shape[1] - 1)
    value: Array = fixed * batches + before + (slots - served) * costs[row, partial]
    return value
