"""τ: the least priced value of running each batch type at all, for every type at once.

τ_b = min over z ≥ 1 and 0 ≤ x_i ≤ n_i, Σ x_i ≤ c_b z of  Σ c_ib x_i + f_b z,  where the priced unit cost
splits as c_ib = U_b − r_i − (rewards of the latency limits that the pair meets) + (link price of the pair).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from instances.batch_model import BatchModel
from instances.exact import INT64_SAFE, magnitude, narrowed, shifted
from milp.lagrangian.lines import lines_of
from milp.lagrangian.prices import Weights

Array = npt.NDArray[Any]
Ints = npt.NDArray[np.int64]
Remains = Callable[[Ints, Ints], npt.NDArray[np.bool_]]
"""Tells which pairs, given as types and groups of equal length, may be used."""


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

    def costs_of(self, types: Array, groups: Array) -> Array:
        """Return c_ib of single pairs, shape (pairs,), for types and groups of equal length."""
        model = self.model
        costs: Array = self.type_unit[types] - self.group_gain[groups]
        if any(reward for part in self.on_time for _, reward in part):
            latency = model.types.own_latency[groups] + model.types.unit_latency[types]
            stream = model.types.stream[types]
            for index, part in enumerate(self.on_time):
                for threshold, reward in part:
                    met = (latency <= threshold) & (stream == index)
                    costs -= met.astype(costs.dtype) * reward
        rows = self.link_row[model.types.shape[types]]
        linked = np.flatnonzero(rows >= 0)
        if len(linked):
            costs[linked] += self.link[rows[linked], groups[linked]]
        return costs


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

    def weighed(part: str, stream: Ints, stage: Ints | int) -> Array:
        total: Array = np.zeros(len(stream), dtype=np.int64 if fineness else np.float64)
        for name, values in model.columns[part]:
            weight = weights.measures[name]
            if not any(map(any, weight)):
                continue
            if fineness is None:
                total += np.asarray(weight, dtype=np.float64)[stream, stage] * values.astype(np.float64)
            else:
                exact = np.asarray(weight, dtype=object)
                total = total + _rounded_product(exact, values, (stream, stage), fineness)
        return total

    unit, fixed = (weighed(part, t.stream, t.stage) for part in ("unit", "fixed"))
    gain = group_price - weighed("own", g.stream, 0)
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


def _rounded_product(weight: Array, values: Array, index: tuple[Ints, Ints | int], fineness: int) -> Array:
    """Return ⌊weight[index] · values / fineness⌋, exactly.

    With weight = k fineness + r this is k · values + ⌊r · values / fineness⌋, whose terms are smaller.
    """
    whole, rest = weight // fineness, weight % fineness
    size = magnitude(values)
    bound = (magnitude(whole) + 1) * max(1, size)
    if not magnitude(whole) and not magnitude(rest):
        return np.zeros(len(values), dtype=np.int64)
    if max(bound, fineness * size) >= INT64_SAFE or values.dtype == object:
        return narrowed(weight[index] * values.astype(object) // fineness)
    rounded: Array = narrowed(whole)[index] * values
    if magnitude(rest):
        rounded += narrowed(rest)[index] * values // fineness
    return rounded


def _exact_dtype(model: BatchModel, unit: Array, fixed: Array, gain: Array, bonus: int, link: Array) -> type:
    """Return np.int64 if it provably holds every value that `batch_values` forms, else object."""
    return np.int64 if _largest(model, unit, fixed, gain, bonus, link) < INT64_SAFE else object


def _largest(model: BatchModel, unit: Array, fixed: Array, gain: Array, bonus: int, link: Array) -> int:
    """Return a bound on every intermediate: (Σ of the terms' magnitudes) × (twice the requests + 2)."""
    terms = magnitude(unit) + magnitude(fixed) + magnitude(gain) + bonus + magnitude(link)
    requests = max(stream.demand.requests for stream in model.instance.streams)
    return terms * (2 * requests + 2)


def excess_bits(priced_model: Priced) -> int:
    """Return by how many bits coarser prices must be for int64 to suffice provably; 0 if it does."""
    p = priced_model
    bonus = max(sum(reward for _, reward in part) for part in p.on_time)
    largest = _largest(p.model, p.type_unit, p.type_fixed, p.group_gain, bonus, p.link)
    return max(0, largest.bit_length() - INT64_SAFE.bit_length() + 1)


def batch_values(
    priced_model: Priced,
    remains: Remains | None = None,
    skipped: npt.NDArray[np.bool_] | None = None,
) -> Array:
    """Return τ for every type: shape (types,), of the dtype of the prices.

    Parameters
    ----------
    priced_model
        The batch model under prices.
    remains
        Tells which pairs may be used; all by default.
    skipped
        Shape (types,): types that are not valued and get 0; none by default.
    """
    model = priced_model.model
    values = priced_model.type_fixed.copy()
    if skipped is not None:
        values[skipped] = 0
    requests = np.asarray([stream.demand.requests for stream in model.instance.streams])
    tight = model.types.capacity < requests[model.types.stream]
    for types, groups, costs in negative_pairs(priced_model, 0, skipped):
        if remains is not None:
            kept = remains(types, groups)
            types, groups, costs = types[kept], groups[kept], costs[kept]
        count = model.groups.count[groups].astype(costs.dtype)
        limited = tight[types]
        if limited.any():
            _add_capacitated(values, priced_model, types[limited], costs[limited], count[limited])
            types, costs, count = types[~limited], costs[~limited], count[~limited]
        np.add.at(values, types, costs * count)
    return values


def negative_pairs(
    priced_model: Priced, below: Any = 0, skipped: npt.NDArray[np.bool_] | None = None
) -> Iterator[tuple[Ints, Ints, Array]]:
    """Yield the pairs that fit with priced cost under `below`: types, groups, costs, shape (pairs,) each.

    All pairs of a type come together; those of skipped types are left out.
    """
    bonus = [sum(reward for _, reward in part) for part in priced_model.on_time]
    most = np.asarray([b + below for b in bonus], dtype=priced_model.group_gain.dtype)
    gain = priced_model.group_gain + most[priced_model.model.groups.stream]
    unit = priced_model.type_unit
    if skipped is not None and skipped.any():
        # No gain reaches this, so most pairs of skipped types are not even formed.
        unit = np.where(skipped, gain.max(initial=0) + 1, unit)
    for types, groups in lines_of(priced_model.model).pairs(unit, gain):
        if skipped is not None:
            kept = ~skipped[types]
            types, groups = types[kept], groups[kept]
        costs = priced_model.costs_of(types, groups)
        negative = (costs < below).astype(bool)
        yield types[negative], groups[negative], costs[negative]


def _add_capacitated(values: Array, priced_model: Priced, types: Ints, costs: Array, count: Array) -> None:
    """Put τ of capacitated types into `values`, given all their negative pairs."""
    chosen, inverse = np.unique(types, return_inverse=True)
    order = np.lexsort((costs, inverse))
    segment, costs, count = inverse[order], costs[order], count[order]
    start = np.searchsorted(segment, np.arange(len(chosen) + 1))
    fixed = priced_model.type_fixed[chosen]
    capacity = priced_model.model.types.capacity[chosen].astype(costs.dtype)
    values[chosen] = _capacitated(costs, count, segment, start, fixed, capacity)


def _capacitated(
    costs: Array, count: Array, segment: Ints, start: Ints, fixed: Array, capacity: Array
) -> Array:
    """Return min over z ≥ 1 of f z + (cheapest c z requests), for each segment of negative unit costs.

    The value is convex in z; its real minimiser is M / c, where M counts the requests whose unit cost exceeds
    the fixed cost per slot, c·cost + f < 0. The integer minimiser is next to it.

    Parameters
    ----------
    costs, count, segment
        Shape (pairs,): ascending costs within each segment, requests, and the segment.
    start
        Shape (segments + 1,): where each segment begins.
    fixed, capacity
        Shape (segments,).
    """
    reached = np.concatenate([[0], np.cumsum(count)]).astype(count.dtype)
    # Differences of these sums are right even where the sums wrap around.
    paid = np.concatenate([[0], np.cumsum(count * costs)]).astype(costs.dtype)
    pays = (costs * capacity[segment] + fixed[segment] < 0).astype(bool)
    last = start[:-1] + np.bincount(segment[pays], minlength=len(fixed))
    floor = (reached[last] - reached[start[:-1]]) // capacity

    def filled(batches: Array) -> Array:
        slots = reached[start[:-1]] + np.minimum(batches * capacity, reached[start[1:]] - reached[start[:-1]])
        full = np.searchsorted(reached, slots, side="right") - 1
        partial = np.minimum(full, len(costs) - 1)
        value: Array = (
            fixed * batches + paid[full] - paid[start[:-1]] + (slots - reached[full]) * costs[partial]
        )
        return value

    least: Array = np.minimum(filled(np.maximum(floor, 1)), filled(np.maximum(floor + 1, 1)))
    return least
