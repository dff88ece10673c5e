"""Choosing prices of memory: any are valid, good ones make long requests as dear as they are."""

from __future__ import annotations

from milp.hindsight.batches.case import BatchCase
from milp.hindsight.batches.shares import MOST_PRICES
from milp.hindsight.units import UNITS, total

PARTS = (0.3, 0.4, 0.5, 0.65, 1.0)
"""Highest price tried, as a part of the price at which memory alone pays for the longest batch."""


def memory_prices(case: BatchCase) -> tuple[int, ...]:
    """Return prices under which the shares of all requests add up to most; none if memory does not bind."""
    full = int(case.durations[-1, case.most - 1]) * UNITS // case.device.kv_tokens
    best, prices = total(case.work(())), tuple[int, ...]()
    if case.device.kv_tokens >= int(case.lengths[-1]) * case.most:
        return ()
    count = MOST_PRICES - 1
    for part in PARTS:
        steps = {int(full * part * step / count) for step in range(1, count + 1)}
        tried = tuple(sorted(step for step in steps if step > 0))
        reached = total(case.work(tried))
        if reached > best:
            best, prices = reached, tried
    return prices
