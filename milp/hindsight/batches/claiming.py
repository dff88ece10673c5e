"""Finding multipliers for every bound of model A, and claiming what they reach."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction

import numpy as np

from milp.hindsight.batches.case import BatchCase
from milp.hindsight.batches.device_time import suffix_ends
from milp.hindsight.batches.lateness import percentile_alone, rank
from milp.hindsight.batches.memory_prices import memory_prices
from milp.hindsight.batches.methods import METHODS
from milp.hindsight.batches.windows import Window, candidates, most_on_time
from milp.hindsight.batches.windows_search import find_windows
from milp.hindsight.certificate import Claim, Multipliers

SUFFIXES = 4
"""Suffixes of the arrivals whose least device time is computed."""
COARSE = 512
"""Grid of windows while a percentile is searched for."""
PRECISION = 2**10
"""A percentile is searched for to this part of itself."""


def claims_for(case: BatchCase, quantiles: Iterable[Fraction]) -> tuple[Claim, ...]:
    """Return a claim for every objective and method, percentiles for these quantiles."""
    memory = memory_prices(case)
    priced = {"memory": memory}
    claims = [
        _claim(case, "device_time", "grouping"),
        _claim(case, "device_time", "shares", priced),
        _claim(case, "makespan", "alone"),
        _claim(case, "makespan", "grouping", {"suffix": _best_suffixes(case, memory)}),
        _claim(case, "makespan", "shares", priced),
        _claim(case, "mean_latency", "alone"),
        _claim(case, "mean_latency", "remaining-work", priced),
        _claim(case, "mean_latency", "busy-time", priced),
    ]
    level = case.problem.service_level
    if level is not None:
        requests = candidates(case, level.of(case.arrivals.priority), memory)
        claims.append(_claim(case, "violations", "alone"))
        claims.append(_claim(case, "violations", "windows", _columns(memory, find_windows(requests))))
    return (*claims, *(claim for q in quantiles for claim in _percentile_claims(case, q, memory)))


def _claim(case: BatchCase, objective: str, method: str, multipliers: Multipliers | None = None) -> Claim:
    """Claim what the verifier's own function makes of the multipliers."""
    asked = Claim(objective, method, Fraction(0), None, multipliers or {})
    value = METHODS[objective, method].recompute(case, asked)
    assert value is not None
    return Claim(objective, method, value, None, asked.multipliers)


def _best_suffixes(case: BatchCase, memory: tuple[int, ...]) -> tuple[int, ...]:
    """Return the suffixes whose shares end last, and the whole."""
    ends = np.asarray(suffix_ends(case, memory), dtype=np.float64)
    return tuple(sorted({0, *np.argsort(-ends, kind="stable")[: SUFFIXES - 1].tolist()}))


def _columns(memory: tuple[int, ...], windows: tuple[Window, ...]) -> Multipliers:
    start, end, price = zip(*windows, strict=True) if windows else ((), (), ())
    return {"memory": memory, "start": start, "end": end, "price": price}


def _percentile_claims(case: BatchCase, quantile: Fraction, memory: tuple[int, ...]) -> Iterator[Claim]:
    alone = percentile_alone(case, quantile)
    yield Claim("percentile", "alone", alone, quantile)
    within = _latency_out_of_reach(case, quantile, memory, alone.numerator)
    found = _windows_against(case, quantile, memory, within, None)
    if found is not None:
        yield Claim("percentile", "windows", Fraction(within + 1), quantile, _columns(memory, found))


def _latency_out_of_reach(case: BatchCase, quantile: Fraction, memory: tuple[int, ...], alone: int) -> int:
    """Return a latency in ns that too few requests can be within, as long a one as windows show."""
    low, step = alone - 1, max(1, alone // 8)
    while _windows_against(case, quantile, memory, low + step, COARSE) is not None:
        low, step = low + step, 2 * step
    high = low + step
    while high - low > max(1, low // PRECISION):
        middle = (low + high) // 2
        if _windows_against(case, quantile, memory, middle, COARSE) is None:
            high = middle
        else:
            low = middle
    return low


def _windows_against(
    case: BatchCase, quantile: Fraction, memory: tuple[int, ...], within: int, grid: int | None
) -> tuple[Window, ...] | None:
    """Return windows that show that too few requests can be within a latency in ns; None without any."""
    if within < 1:
        return None
    requests = candidates(case, np.full(len(case.row), within, dtype=np.int64), memory)
    windows = find_windows(requests) if grid is None else find_windows(requests, grid)
    few = most_on_time(requests, windows) < rank(quantile, len(case.row))
    return windows if few else None
