"""From float prices to exact ones, with as many digits as fast exact arithmetic carries."""

from __future__ import annotations

from instances.batch_model import BatchModel
from milp.lagrangian import Bound, Box, Prices, lower_bound
from milp.root.pricing import FloatPrices

DENOMINATORS = (2**16, 2**12, 2**8)
FINENESS = 2**24
MOST_COLD = 200_000
"""Pairs up to which cold starts are worth their time in L."""


def counts_cold_starts(model: BatchModel) -> bool:
    """Tell whether bounds count cold starts: where they can matter, and are not too many to look at."""
    timed = any(row.kind in ("latency", "total_time", "work") for row in model.rows)
    matter = timed and bool(model.instance.time.cold_start)
    return matter and len(model.types) * len(model.groups) <= MOST_COLD


def exact_bound(model: BatchModel, prices: FloatPrices, box: Box | None = None) -> tuple[Prices, Bound]:
    """Round prices and evaluate L exactly.

    The finest denominator is taken with which the evaluation stays in int64; the coarsest one, if none does.
    """
    fineness = FINENESS if model.rows else 1
    cold = counts_cold_starts(model)
    for denominator in DENOMINATORS:
        exact = prices.rounded(denominator, fineness, cold)
        bound = lower_bound(model, exact, box)
        if bound.batch_value.dtype != object:
            break
    return exact, bound
