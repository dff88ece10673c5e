"""Finding multipliers for every bound of model A, and claiming what they reach."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction

import numpy as np

from milp.hindsight.batches.case import BatchCase
from milp.hindsight.batches.device_prices import Prices
from milp.hindsight.batches.device_prices_search import find_device_prices
from milp.hindsight.batches.device_time import suffix_ends
from milp.hindsight.batches.memory_prices import memory_prices
from milp.hindsight.batches.methods import METHODS
from milp.hindsight.batches.percentile_search import latency_out_of_reach
from milp.hindsight.batches.windows import Window, candidates
from milp.hindsight.batches.windows_search import find_windows
from milp.hindsight.certificate import Claim, Multipliers

SUFFIXES = 4
"""Suffixes of the arrivals whose least device time is computed."""


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
        _claim(case, "mean_latency", "device-prices", _priced_time(find_device_prices(case))),
    ]
    level = case.problem.service_level
    if level is not None:
        requests = candidates(case, level.of(case.arrivals.priority), memory)
        claims.append(_claim(case, "violations", "alone"))
        claims.append(_claim(case, "violations", "windows", _columns(memory, find_windows(requests))))
    for quantile in quantiles:
        claims.append(_claim(case, "percentile", "alone", quantile=quantile))
        found = latency_out_of_reach(case, quantile, memory)
        if found is not None:
            latency, windows = found
            claims.append(
                Claim("percentile", "windows", Fraction(latency + 1), quantile, _columns(memory, windows))
            )
    return tuple(claims)


def _claim(
    case: BatchCase,
    objective: str,
    method: str,
    multipliers: Multipliers | None = None,
    quantile: Fraction | None = None,
) -> Claim:
    """Claim what the verifier's own function makes of the multipliers."""
    asked = Claim(objective, method, Fraction(0), quantile, multipliers or {})
    value = METHODS[objective, method].recompute(case, asked)
    assert value is not None
    return replace(asked, value=value)


def _best_suffixes(case: BatchCase, memory: tuple[int, ...]) -> tuple[int, ...]:
    """Return the suffixes whose shares end last, and the whole."""
    ends = np.asarray(suffix_ends(case, memory), dtype=np.float64)
    return tuple(sorted({0, *np.argsort(-ends, kind="stable")[: SUFFIXES - 1].tolist()}))


def _priced_time(prices: Prices) -> Multipliers:
    time, price = tuple(prices.time.tolist()), tuple(prices.price.tolist())
    return {"time": time, "price": price, "scale": (prices.scale,)}


def _columns(memory: tuple[int, ...], windows: tuple[Window, ...]) -> Multipliers:
    start, end, price = zip(*windows, strict=True) if windows else ((), (), ())
    return {"memory": memory, "start": start, "end": end, "price": price}
