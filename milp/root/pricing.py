"""L(α, μ) in floats: fast, for finding good prices. Nothing that is reported rests on it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from instances.batch_model import BatchModel
from milp.formulation.selection import Selection
from milp.lagrangian.batch_values import Priced, batch_values, priced
from milp.lagrangian.chains import chain_values, chains, run_types
from milp.lagrangian.prices import Prices, Weights, weigh
from milp.lagrangian.quiet import quiet_types
from milp.lagrangian.reduction import Reduction

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


MOST_ADDED = 30_000
"""Pairs that one round adds to an LP at most: where much looks attractive at once, it would drown in them."""


def _no_ints() -> Ints:
    return np.zeros(0, dtype=np.int64)


@dataclass(frozen=True, eq=False)
class FloatPrices:
    """Prices as floats: α per group, μ per limit row, κ per strong link; see `Prices`."""

    group: Floats
    limit: Floats
    objective: float = 1.0
    link_group: Ints = field(default_factory=_no_ints)
    link_shape: Ints = field(default_factory=_no_ints)
    link: Floats = field(default_factory=lambda: np.zeros(0))

    def rounded(self, denominator: int, fineness: int, cold: bool) -> Prices:
        """Return the nearest exact prices over the given denominators, with or without cold starts in L."""
        link = _numerators(np.maximum(self.link, 0.0), denominator)
        kept = (link != 0).astype(bool)
        return Prices(
            denominator=denominator,
            fineness=fineness,
            group=_numerators(self.group, denominator),
            limit=_numerators(np.maximum(self.limit, 0.0), denominator * fineness),
            objective=1 if self.objective else 0,
            link_group=self.link_group[kept],
            link_shape=self.link_shape[kept],
            link=link[kept],
            cold=cold,
        )


def _numerators(values: Floats, denominator: int) -> npt.NDArray[Any]:
    """Return the nearest numerators; the denominator is a power of two, so that products are exact."""
    scaled = np.rint(values * float(denominator))
    if np.abs(scaled).max(initial=0.0) < 2.0**60:
        return scaled.astype(np.int64)
    return np.asarray([int(value) for value in scaled.tolist()], dtype=object)


@dataclass(frozen=True, eq=False)
class Evaluated:
    """Evaluation of L in floats.

    Attributes
    ----------
    value
        L in cost ticks.
    priced
        The model under the prices.
    weights
        Weights of the limit prices.
    batch_value
        Shape (types,): τ.
    part
        Shape (shapes, streams): opening cost plus Σ min(0, τ), or the value of the chain, of each pair.
    shape_value
        Shape (shapes,): σ.
    chosen
        Shape (shapes,): the shapes that the minimum takes.
    chains
        The types of each (shape, stream) whose chain is valued as one.
    """

    value: float
    priced: Priced
    weights: Weights
    batch_value: Floats
    part: Floats
    shape_value: Floats
    chosen: npt.NDArray[np.bool_]
    chains: dict[tuple[int, int], Ints]

    def attractive_types(self, tolerance: float) -> Ints:
        """Return the types that the minimum runs, by ascending τ."""
        types = self.priced.model.types
        taken = self.chosen[types.shape] & (self.part[types.shape, types.stream] < 0)
        found = np.flatnonzero(taken & (self.batch_value < -tolerance))
        return found[np.argsort(self.batch_value[found])]

    def run(self) -> tuple[Ints, Selection]:
        """Return the types that the minimum runs, and the pairs that it uses."""
        model = self.priced.model
        types, chained, run = model.types, np.zeros(len(model.types), dtype=bool), []
        for (shape, stream), chain in self.chains.items():
            chained[chain] = True
            if self.chosen[shape] and self.part[shape, stream] < 0:
                run.append(run_types(self.priced, self.batch_value, chain))
        attractive = self.attractive_types(0.0)
        found = np.concatenate([attractive[~chained[attractive]], *run])
        pairs = self.negative_pairs(found)
        # A chain runs each group in the first of its types that holds the group.
        inside = np.flatnonzero(chained[pairs.pair_type])
        key = types.shape[pairs.pair_type[inside]] * len(model.groups) + pairs.pair_group[inside]
        kept = ~chained[pairs.pair_type]
        kept[inside[np.unique(key, return_index=True)[1]]] = True
        return found, Selection(pairs.pair_type[kept], pairs.pair_group[kept])

    def negative_pairs(self, types: Ints, below: float = 0.0, most: int | None = None) -> Selection:
        """Return the pairs of some types whose priced cost is under `below`.

        With `most`, only those of the first types that have no more pairs together, and of one type at least.
        """
        pairs = cheap_pairs(self.priced, types, below)
        if most is None or len(pairs) <= most:
            return pairs
        held = np.bincount(pairs.pair_type, minlength=len(self.priced.model.types))[types]
        number = int(np.searchsorted(np.cumsum(held), most, side="right"))
        kept = np.isin(pairs.pair_type, types[: max(1, number)])
        return Selection(pairs.pair_type[kept], pairs.pair_group[kept])


def count_values(model: BatchModel, weights: Weights, most: int) -> Floats:
    """Return what the cost of 0, 1, …, `most` opened shapes weighs: shape (most + 1,)."""
    values: Floats = np.zeros(most + 1)
    for name, price in weights.over_all.items():
        if price:
            values += price * np.asarray(model.measures[name].count[: most + 1], dtype=float)
    return values


def cheap_pairs(under_prices: Priced, types: Ints, below: float) -> Selection:
    """Return the pairs of some types whose priced cost is under `below`."""
    model = under_prices.model
    pair_types: list[Ints] = [_no_ints()]
    pair_groups: list[Ints] = [_no_ints()]
    for stream in range(len(model.instance.streams)):
        of_stream = model.groups.of_stream(stream)
        groups = np.arange(of_stream.start, of_stream.stop)
        mine = types[model.types.stream[types] == stream]
        step = max(1, (1 << 20) // max(1, len(groups)))
        for start in range(0, len(mine), step):
            block = mine[start : start + step]
            wanted = under_prices.pair_costs(block, groups) < below
            row, column = np.nonzero(wanted & model.fits(block, groups))
            pair_types.append(block[row])
            pair_groups.append(groups[column])
    return Selection.of(np.concatenate(pair_types), np.concatenate(pair_groups), len(model.groups))


def price_types(model: BatchModel, prices: FloatPrices) -> Priced:
    """Return the batch model under prices, in floats."""
    weights = weigh(model, prices.limit.tolist(), prices.objective)
    return priced(model, weights, prices.group, (prices.link_group, prices.link_shape, prices.link), None)


def evaluate_prices(
    model: BatchModel,
    prices: FloatPrices,
    reduction: Reduction | None = None,
    *,
    quiet: bool = False,
    chained: bool = True,
) -> Evaluated:
    """Evaluate L in floats.

    Parameters
    ----------
    model, prices
        Batch model and prices.
    reduction
        Pairs that remain; all by default.
    quiet
        Whether τ is 0 for types that are easily seen not to be negative.
    chained
        Whether chains are valued together; without, each type counts by itself, as in the LP over pairs.
    """
    types, streams = model.types, len(model.instance.streams)
    weights = weigh(model, prices.limit.tolist(), prices.objective)
    under_prices = price_types(model, prices)
    remains = None if reduction is None else reduction.allows
    tau = batch_values(under_prices, remains, quiet_types(under_prices) if quiet else None)
    part = np.zeros((len(types.shapes), streams))
    for name, opening in model.columns["open_stream"]:
        weight = np.asarray([stages[0] for stages in weights.measures[name]], dtype=float)
        part += np.outer(opening.astype(float), weight)
    flat = np.bincount(
        types.shape * streams + types.stream, np.minimum(tau, 0.0), minlength=len(types.shapes) * streams
    )
    run = flat.reshape(-1, streams)
    for pair, value in (chain_values(under_prices, tau) if chained else {}).items():
        run[pair] = max(run[pair], value)
    part = part + run
    if len(prices.link):
        rebate = prices.link * model.groups.count[prices.link_group]
        np.subtract.at(part, (prices.link_shape, model.groups.stream[prices.link_group]), rebate)
    sigma = np.where((part < 0.0).any(axis=1), np.minimum(part, 0.0).sum(axis=1), part.min(axis=1))
    for name, opening in model.columns["open_once"]:
        sigma += weights.over_all[name] * opening.astype(float)
    order = np.argsort(sigma, kind="stable")[: model.most_shapes]
    totals = np.concatenate([[0.0], np.cumsum(sigma[order])]) + count_values(model, weights, len(order))
    best = int(np.argmin(totals))
    chosen = np.zeros(len(types.shapes), dtype=bool)
    chosen[order[:best]] = True
    total = float(model.groups.count @ prices.group) + float(weights.constant) + float(totals[best])
    valued = chains(model) if chained else {}
    return Evaluated(total, under_prices, weights, tau, part, sigma, chosen, valued)
