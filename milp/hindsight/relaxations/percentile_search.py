"""The longest latency that windows show to be out of reach for a percentile."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from milp.hindsight.relaxations.case import Case
from milp.hindsight.relaxations.lateness import percentile_alone, rank
from milp.hindsight.relaxations.windows import OnTime, Window, candidates, most_on_time
from milp.hindsight.relaxations.windows_search import find_windows

COARSE = 512
"""Grid of windows while a latency is searched for."""
PRECISION = 2**10
"""A latency is searched for to this part of itself."""
MARGIN = 16
"""A step goes at least this part of the way from either end, where counts mislead."""


def latency_out_of_reach(
    case: Case, quantile: Fraction, memory: tuple[int, ...]
) -> tuple[int, tuple[Window, ...]] | None:
    """Return a latency in ns that fewer requests than the percentile's rank can be within, and the windows.

    The most requests within a latency rise with it, so the last latency with too few is found between one
    with too few and one with enough, each step where the line through both says.

    Parameters
    ----------
    case
        The problem.
    quantile
        Which percentile.
    memory
        Prices of memory.

    Returns
    -------
    tuple | None
        None if windows show no more than what requests take alone.
    """
    needed = rank(quantile, len(case.arrivals))

    def count(latency: int) -> int:
        requests = _within(case, latency, memory)
        return most_on_time(requests, find_windows(requests, COARSE))

    alone = int(percentile_alone(case, quantile))
    low, few, step = alone - 1, int((case.alone < alone).sum()), max(1, alone // 8)
    while (many := count(low + step)) < needed:
        low, few, step = low + step, many, 2 * step
    high = low + step
    while high - low > max(1, low // PRECISION):
        aim = low + (high - low) * (2 * (needed - few) - 1) // (2 * (many - few))
        margin = (high - low) // MARGIN
        middle = min(max(aim, low + max(1, margin)), high - max(1, margin))
        reached = count(middle)
        if reached < needed:
            low, few = middle, reached
        else:
            high, many = middle, reached
    if low < alone:
        return None
    requests = _within(case, low, memory)
    windows = find_windows(requests)
    return (low, windows) if most_on_time(requests, windows) < needed else None


def _within(case: Case, latency: int, memory: tuple[int, ...]) -> OnTime:
    return candidates(case, np.full(len(case.arrivals), latency, dtype=np.int64), memory)
