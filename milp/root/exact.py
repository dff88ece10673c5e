"""From float prices to exact ones, with as many digits as fast exact arithmetic carries."""

from __future__ import annotations

from instances.batch_model import BatchModel
from milp.lagrangian import Reduction, Valued, price_exactly, value_prices
from milp.root.pricing import FloatPrices

DENOMINATORS = tuple(2**k for k in range(20, -1, -2))
FINENESS = 2**24
MOST_COLD = 200_000
"""Pairs up to which cold starts are worth their time in L."""


def counts_cold_starts(model: BatchModel) -> bool:
    """Tell whether bounds count cold starts: where they can matter, and are not too many to look at."""
    timed = any(row.kind in ("latency", "total_time", "work") for row in model.rows)
    matter = timed and bool(model.instance.time.cold_start)
    return matter and len(model.types) * len(model.groups) <= MOST_COLD


def exact_values(
    model: BatchModel,
    prices: FloatPrices,
    first: int = DENOMINATORS[0],
    *,
    reduction: Reduction | None = None,
    cold: bool | None = None,
) -> Valued:
    """Round prices and value every batch type exactly.

    Parameters
    ----------
    model, prices
        Batch model and prices.
    first
        The finest denominator up to this is taken with which int64 provably suffices; the coarsest one, if
        none does.
    reduction
        What pairs remain; all by default.
    cold
        Whether to count cold starts; by default where they matter.
    """
    fineness = FINENESS if model.rows else 1
    cold = counts_cold_starts(model) if cold is None else cold
    for denominator in DENOMINATORS:
        if denominator > first:
            continue
        exact = prices.rounded(denominator, fineness, cold)
        weights, under_prices = price_exactly(model, exact)
        if under_prices.type_unit.dtype != object:
            break
    return value_prices(exact, weights, under_prices, reduction)
