"""Prices that steer the search: costs plus weights on what is limited."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from heuristics.greedy.market import Market, Types, is_bounded

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Weights:
    """Price of one unit of what a stream's limits count, in cost units.

    Parameters
    ----------
    cost
        Factor on the stream's own cost.
    tokens
        Per padded token.
    time
        Per millisecond of total time.
    late
        Pairs (milliseconds, price per request in a batch that takes longer).
    """

    cost: float = 1.0
    tokens: float = 0.0
    time: float = 0.0
    late: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, eq=False)
class Prices:
    """Per stream, float64 columns of shape (types,): price of each request and of each batch opened."""

    unit: tuple[Floats, ...]
    fixed: tuple[Floats, ...]

    def equals(self, other: Prices) -> bool:
        """Tell whether all prices are the same."""
        pairs = zip((*self.unit, *self.fixed), (*other.unit, *other.fixed), strict=True)
        return all(np.array_equal(mine, theirs) for mine, theirs in pairs)


def form_prices(market: Market, weights: tuple[Weights, ...], slack: float) -> Prices:
    """Price the types of a market.

    Parameters
    ----------
    weights
        Per stream of the market.
    slack
        Where batches have a capacity: the share of a batch that the last one of a type is taken to waste.
        Every request then pays its part of a batch, and only the waste is a fixed price.
    """
    pairs = [_priced(types, weight, slack) for types, weight in zip(market.types, weights, strict=True)]
    return Prices(tuple(unit for unit, _ in pairs), tuple(fixed for _, fixed in pairs))


def weighted(types: Types, weight: Weights) -> tuple[Floats, Floats]:
    """Return the price of a request and of a batch of each type."""
    unit = weight.cost * types.unit_cost + weight.tokens * types.unit_tokens
    fixed = weight.cost * types.fixed_cost + weight.tokens * types.fixed_tokens + weight.time * types.time
    for most, price in weight.late:
        unit = unit + price * (types.time > most)
    return unit, fixed


def _priced(types: Types, weight: Weights, slack: float) -> tuple[Floats, Floats]:
    unit, fixed = weighted(types, weight)
    bounded = is_bounded(types.room)
    share = np.where(bounded, fixed / types.room, 0.0)
    rest = np.where(bounded, np.minimum(slack, 1 - 1 / types.room), 1.0)
    return unit + share, np.asarray(fixed * rest)
