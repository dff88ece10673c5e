"""L(α, μ): a lower bound on the cost of every plan in a box, whatever the prices are.

``L = Σ n_i α_i − Σ μ_k r_k + min over N of [count(N) + the N smallest σ_s]`` with
``σ_s = o_s + Σ_streams min(0, σ_s,stream)``, ``σ_s,stream = o_s,stream − Σ n_i κ_is + Σ_b min(0, τ_b)``, the
sum being replaced by the value of the chain where the types form one,
where an opened shape is used by at least one stream: if no σ_s,stream is negative, the least of them counts;
and not by a stream all of whose types in it are bounded such that none can be run, or, where cold starts are
counted, that has no type in it that can.
See docs/certificate.md for the proof and FORMAT.md for every detail. Each product with a weight is rounded
down to a whole number of 1/d ticks, so the value is a lower bound and exactly reproducible.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from instances.batch_model import BatchModel
from instances.exact import exact_dot
from milp.lagrangian.batch_values import Priced, batch_values, priced
from milp.lagrangian.bounded_value import bounded_type
from milp.lagrangian.box import Box
from milp.lagrangian.chains import chain_values
from milp.lagrangian.cold_values import cold_value, cold_values
from milp.lagrangian.prices import Prices, Weights, weigh
from milp.lagrangian.quiet import quiet_types
from milp.lagrangian.reduction import Reduction, opening_excess, reduction
from milp.lagrangian.shape_choice import count_value, least_choice, shape_totals

Array = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Bound:
    """What evaluating L gave.

    Attributes
    ----------
    numerator
        L in cost ticks, times the prices' denominator; None if no plan lies in the box at all.
    value
        L over the scale of what is minimised (or the infeasibility measure, where that weighs nothing).
    batch_value
        Shape (types,): τ, before the box's bounds on single types; 0 for types known not to be negative.
    shape_value
        One σ per candidate shape, in cost ticks times the denominator; None if it cannot be opened.
    """

    numerator: int | None
    value: Fraction | None
    batch_value: Array
    shape_value: list[int | None]


def lower_bound(
    model: BatchModel, prices: Prices, box: Box | None = None, reduction: Reduction | None = None
) -> Bound:
    """Evaluate L exactly.

    Parameters
    ----------
    model
        The batch model of the instance.
    prices
        Any prices of the right signs.
    box
        Bounds of a tree node; none by default.
    reduction
        Pairs that remain; all by default.

    Raises
    ------
    ValueError
        If a multiplier has the wrong sign.
    """
    return value_prices(prices, *price_exactly(model, prices), reduction).bound(box or Box())


@dataclass(frozen=True, eq=False)
class Valued:
    """Prices with the value of every batch type: what L needs in any box.

    Attributes
    ----------
    prices, weights, priced
        The prices, the weights that they make, and the model under them.
    batch_value
        Shape (types,): τ; 0 for quiet types.
    quiet
        Shape (types,): types of which only τ ≥ 0 is known; τ is found where a box bounds them.
    chain_value
        Value of each chain of types by (shape, stream), where it is not the sum of min(0, τ).
    cold_value
        Shape (types,): what a cold start in the type adds; None where prices do not count cold starts.
    reduction
        Pairs that are left out of account; None for none.
    """

    prices: Prices
    weights: Weights
    priced: Priced
    batch_value: Array
    quiet: npt.NDArray[np.bool_]
    chain_value: dict[tuple[int, int], int]
    cold_value: Array | None
    reduction: Reduction | None = None

    def bound(self, box: Box) -> Bound:
        """Evaluate L in a box."""
        model, prices, weights = self.priced.model, self.prices, self.weights
        totals, used, shut = _batch_totals(self, box)
        bounded = {(int(model.types.shape[b]), int(model.types.stream[b])) for b in box.bounded_types()}
        for pair, worth in self.chain_value.items():
            # Single types that are bounded break a chain; and it takes no account of pairs left out.
            if pair not in bounded:
                totals[pair] = max(totals[pair], worth)
        barred = shut if self.cold_value is None else shut | _add_cold_starts(self, totals, box)
        shape_values = shape_totals(model, weights, prices, totals, used, barred)
        numerator = None
        if shape_values is not None:
            least = least_choice(model, weights, prices.fineness, shape_values, box)
            if least is not None:
                constant = weights.constant // prices.fineness
                numerator = exact_dot(model.groups.count, prices.group) + constant + least
        scale = prices.denominator * model.instance.objective_scale
        value = None if numerator is None else Fraction(numerator, scale)
        return Bound(numerator, value, self.batch_value, [] if shape_values is None else shape_values)

    def reduce(self, ticks: int) -> Reduction:
        """Return the pairs that plans of less than `ticks` can use.

        Raises
        ------
        ValueError
            If the prices count cold starts, which would be counted twice, or no cost, or not all pairs.
        """
        model, prices = self.priced.model, self.prices
        if prices.cold or not prices.objective or self.reduction is not None:
            raise ValueError("prices that reduce count the cost, all pairs, and no cold starts")
        bound = self.bound(Box())
        assert bound.numerator is not None
        numbers = range(model.most_shapes + 1)
        count_costs = [count_value(model, self.weights, n, prices.fineness) for n in numbers]
        # A plan costs whole ticks: L over ticks − 1 is enough.
        room = (ticks - 1) * prices.denominator + 1 - bound.numerator
        shape_values = [value for value in bound.shape_value if value is not None]
        assert len(shape_values) == len(model.types.shapes)
        opening = opening_excess(shape_values, count_costs)
        values = batch_values(self.priced) if self.quiet.any() else self.batch_value
        return reduction(self.priced, values, opening, room)


def price_exactly(model: BatchModel, prices: Prices) -> tuple[Weights, Priced]:
    """Return the weights that prices make, and the model under them.

    Raises
    ------
    ValueError
        If a multiplier has the wrong sign.
    """
    if not prices.valid:
        raise ValueError("limit and link prices must not be negative")
    whole = prices.denominator * prices.fineness
    weights = weigh(model, [int(price) for price in prices.limit.tolist()], prices.objective * whole)
    links = (prices.link_group, prices.link_shape, prices.link)
    return weights, priced(model, weights, prices.group, links, prices.fineness)


def value_prices(
    prices: Prices,
    weights: Weights,
    under_prices: Priced,
    reduction: Reduction | None = None,
    *,
    quiet: bool = True,
) -> Valued:
    """Value every batch type under prices that `price_exactly` was given, over the pairs that remain.

    Types that are easily seen not to be negative are not valued if `quiet`.
    """
    remains = None if reduction is None else reduction.allows
    cold = cold_values(under_prices, weights, prices.fineness, remains) if prices.cold else None
    # Cold starts ask for the values of all types.
    unvalued = np.zeros(len(under_prices.type_unit), dtype=bool)
    if quiet and not prices.cold:
        unvalued = quiet_types(under_prices)
    values = batch_values(under_prices, remains, unvalued)
    chained = {pair: int(value) for pair, value in chain_values(under_prices, values).items()}
    return Valued(prices, weights, under_prices, values, unvalued, chained, cold, reduction)


def _batch_totals(valued: Valued, box: Box) -> tuple[Array, set[tuple[int, int]], set[tuple[int, int]]]:
    """Sum min(0, τ) by (shape, stream), bounds of the box respected.

    Returns the sums in Python ints, the pairs that the box forces to be used, and those that it shuts: where
    a type that must be run cannot be, or all types are bounded and none of them can be run.
    """
    under_prices, values = valued.priced, valued.batch_value
    types = under_prices.model.types
    counted = np.minimum(values, 0)
    counted[list(box.bounded_types())] = 0
    streams = len(under_prices.model.instance.streams)
    index = types.shape * streams + types.stream
    sums = np.zeros(len(types.shapes) * streams, dtype=object)
    if counted.dtype == object:
        np.add.at(sums, index, counted)
    elif len(counted):
        order = np.argsort(index, kind="stable")
        starts = np.flatnonzero(np.diff(index[order], prepend=-1))
        totals = np.add.reduceat(_safe_to_add(counted[order]), starts)
        sums[index[order][starts]] = totals.astype(object)
    by_pair: Array = sums.reshape(-1, streams)
    used: set[tuple[int, int]] = set()
    out: Counter[tuple[int, int]] = Counter()
    shut: set[tuple[int, int]] = set()
    for batch in box.bounded_types():
        pair = (int(types.shape[batch]), int(types.stream[batch]))
        value, forced = _bounded_type(valued, batch, box)
        if forced:
            used.add(pair)
        if value is not None:
            by_pair[pair] += value if forced else min(0, value)
            continue
        out[pair] += 1
        if forced or out[pair] == np.count_nonzero(index == pair[0] * streams + pair[1]):
            shut.add(pair)
    return by_pair, used, shut


def _add_cold_starts(valued: Valued, totals: Array, box: Box) -> set[tuple[int, int]]:
    """Add the least χ to the sum of every (shape, stream); return those where no type can be run.

    If such a stream were let into the shape, leaving out one more pair could lower L.
    """
    under_prices, extra = valued.priced, valued.cold_value
    assert extra is not None
    remains = None if valued.reduction is None else valued.reduction.allows
    types = under_prices.model.types
    excess = np.maximum(valued.batch_value, 0)
    least: dict[tuple[int, int], int] = {}
    bounded = box.bounded_types()
    for batch in range(len(types)):
        if extra[batch] is None:
            continue
        chi = extra[batch] + int(excess[batch])
        if batch in bounded:
            value, forced = _bounded_type(valued, batch, box)
            if value is None:
                continue
            # A type that must be run has its τ in the sum already, and τ the cost of requests that must be in
            # it.
            inside = {g for (g, b), bounds in box.requests.items() if b == batch and bounds[0] > 0}
            chi = cold_value(under_prices, valued.weights, valued.prices.fineness, batch, inside, remains)
            chi += 0 if forced else max(0, value)
        pair = (int(types.shape[batch]), int(types.stream[batch]))
        least[pair] = min(chi, least.get(pair, chi))
    for pair, chi in least.items():
        totals[pair] += chi
    return set(np.ndindex(*totals.shape)) - least.keys()


def _safe_to_add(values: Array) -> Array:
    # Each value is below 2**60; a sum over many types may not be.
    low = int(values.min())
    return values if -low * len(values) < 2**62 else values.astype(object)


def _bounded_type(valued: Valued, batch: int, box: Box) -> tuple[int | None, bool]:
    free = None if valued.quiet[batch] else int(valued.batch_value[batch])
    return bounded_type(valued.priced, batch, box, free, valued.reduction)
