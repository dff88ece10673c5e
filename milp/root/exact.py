"""From float prices to exact ones, with as many digits as fast exact arithmetic carries."""

from __future__ import annotations

from instances.batch_model import BatchModel
from milp.lagrangian import Reduction, Valued, price_exactly, value_prices
from milp.lagrangian.batch_values import excess_bits
from milp.root.pricing import FloatPrices

DENOMINATOR = 2**20
FINENESS = 2**24
FINEST = 2**40
MOST_COLD = 200_000
"""Pairs up to which cold starts are worth their time in L."""


def counts_cold_starts(model: BatchModel) -> bool:
    """Tell whether bounds count cold starts: where they can matter, and are not too many to look at."""
    timed = any(row.kind in ("latency", "total_time", "work") for row in model.rows)
    matter = (timed and bool(model.instance.time.cold_start)) or model.minimizes_cold_starts
    return matter and len(model.types) * len(model.groups) <= MOST_COLD


def exact_values(
    model: BatchModel,
    prices: FloatPrices,
    first: int = DENOMINATOR,
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
        The finest denominator up to this, a power of two, is taken with which int64 provably suffices; 1 if
        none does.
    reduction
        What pairs remain; all by default.
    cold
        Whether to count cold starts; by default where they matter.
    """
    fineness = FINENESS if model.rows else 1
    cold = counts_cold_starts(model) if cold is None else cold
    denominator = first
    while True:
        exact = prices.rounded(denominator, fineness, cold)
        weights, under_prices = price_exactly(model, exact)
        excess = 0 if under_prices.type_unit.dtype != object else excess_bits(under_prices)
        if not excess or denominator == 1:
            return value_prices(exact, weights, under_prices, reduction)
        denominator = max(1, denominator >> excess)


def finest_values(model: BatchModel, prices: FloatPrices, reduction: Reduction | None = None) -> Valued:
    """Round prices as finely as floats allow, in Python integers, and value every batch type."""
    exact = prices.rounded(FINEST, FINENESS if model.rows else 1, counts_cold_starts(model))
    return value_prices(exact, *price_exactly(model, exact), reduction)
