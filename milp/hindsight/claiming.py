"""Finding multipliers for every bound, and claiming what they reach."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction

import numpy as np

from instances.errors import InputError
from milp.hindsight.batches.case import BatchCase
from milp.hindsight.batches.company_search import find_payments
from milp.hindsight.batches.device_prices import Prices
from milp.hindsight.batches.device_prices_search import find_device_prices
from milp.hindsight.batches.exact_mean_latency import exact_mean_latency
from milp.hindsight.batches.memory_prices import memory_prices
from milp.hindsight.batches.methods import METHODS as BATCH_METHODS
from milp.hindsight.batches.subsets import MOST_CERTIFIED
from milp.hindsight.certificate import Claim, Multipliers
from milp.hindsight.relaxations.case import Case
from milp.hindsight.relaxations.load import suffix_ends
from milp.hindsight.relaxations.methods import METHODS as ANY_METHODS
from milp.hindsight.relaxations.methods import Methods
from milp.hindsight.relaxations.percentile_search import latency_out_of_reach
from milp.hindsight.relaxations.windows import Window, candidates
from milp.hindsight.relaxations.windows_search import find_windows
from milp.hindsight.round_case import PARTS, RoundCase
from milp.hindsight.units import total

SUFFIXES = 4
"""Suffixes of the arrivals whose least device time is computed."""

SEARCH_SECONDS = 20.0
"""Time to search all schedules of a few requests; without a result there is no claim."""

STEPS = 8
"""Divisions of the fixed time of a round between size and memory that are tried."""


def claims_for(case: BatchCase | RoundCase, quantiles: Iterable[Fraction]) -> tuple[Claim, ...]:
    """Return a claim for every objective and method, percentiles for these quantiles."""
    if isinstance(case, BatchCase):
        prices = find_device_prices(case)
        memory = memory_prices(case)
        suffix = {"suffix": _best_suffixes(case, memory)}
        own = [
            _claim(BATCH_METHODS, case, "device_time", "grouping"),
            _claim(BATCH_METHODS, case, "makespan", "grouping", suffix),
            _claim(BATCH_METHODS, case, "mean_latency", "busy-time", {"memory": memory}),
            _claim(BATCH_METHODS, case, "mean_latency", "device-prices", _priced_time(prices)),
            *_by_company(case, prices),
            *_optimum(case),
        ]
    else:
        memory, own = _best_division(case), []
    return (*own, *_claims_of_any(case, memory, quantiles))


def _by_company(case: BatchCase, prices: Prices) -> Iterator[Claim]:
    """Yield what requests pay for whole batches, unless times are too long for that."""
    found = find_payments(case, prices)
    if found is not None:
        columns = {
            "length": found.shortest,
            "width": (found.width,),
            "price": found.price,
            "paid": found.paid,
        }
        claim = _claim(BATCH_METHODS, case, "mean_latency", "company", columns)
        # Where devices are swamped, payments may not have caught up with their prices.
        if claim.value > 0:
            yield claim


def _optimum(case: BatchCase) -> Iterator[Claim]:
    """Yield the least mean latency itself if a verifier can search all schedules of so few requests."""
    if len(case.row) > MOST_CERTIFIED:
        return
    with suppress(InputError):
        found = exact_mean_latency(case, time_limit=SEARCH_SECONDS)
        if found.optimal and found.value is not None:
            yield Claim("mean_latency", "subsets", found.value)


def _claims_of_any(case: Case, memory: tuple[int, ...], quantiles: Iterable[Fraction]) -> Iterator[Claim]:
    """Yield the claims that every machine model has."""
    level = case.problem.service_level
    for objective, method in ANY_METHODS:
        if objective in ("percentile", "violations"):
            continue
        multipliers = {} if method == "alone" else {"memory": memory}
        yield _claim(ANY_METHODS, case, objective, method, multipliers)
    if level is not None:
        requests = candidates(case, level.of(case.arrivals.priority), memory)
        yield _claim(ANY_METHODS, case, "violations", "alone")
        yield _claim(ANY_METHODS, case, "violations", "windows", _columns(memory, find_windows(requests)))
    for quantile in quantiles:
        yield _claim(ANY_METHODS, case, "percentile", "alone", quantile=quantile)
        found = latency_out_of_reach(case, quantile, memory)
        if found is not None:
            latency, windows = found
            yield Claim("percentile", "windows", Fraction(latency + 1), quantile, _columns(memory, windows))


def _claim(
    methods: Methods,
    case: Case,
    objective: str,
    method: str,
    multipliers: Multipliers | None = None,
    quantile: Fraction | None = None,
) -> Claim:
    """Claim what the verifier's own function makes of the multipliers."""
    asked = Claim(objective, method, Fraction(0), quantile, multipliers or {})
    value = methods[objective, method].recompute(case, asked)
    assert value is not None
    return replace(asked, value=value)


def _best_suffixes(case: Case, memory: tuple[int, ...]) -> tuple[int, ...]:
    """Return the suffixes whose shares end last, and the whole."""
    ends = np.asarray(suffix_ends(case, memory), dtype=np.float64)
    return tuple(sorted({0, *np.argsort(-ends, kind="stable")[: SUFFIXES - 1].tolist()}))


def _best_division(case: RoundCase) -> tuple[int, ...]:
    """Return the division of the fixed time under which shares add up to most."""
    tried = [(PARTS * step // STEPS,) for step in range(STEPS + 1)]
    return max(tried, key=lambda parts: total(case.work(parts)))


def _priced_time(prices: Prices) -> Multipliers:
    time, price = tuple(prices.time.tolist()), tuple(prices.price.tolist())
    return {"time": time, "price": price, "scale": (prices.scale,)}


def _columns(memory: tuple[int, ...], windows: tuple[Window, ...]) -> Multipliers:
    start, end, price = zip(*windows, strict=True) if windows else ((), (), ())
    return {"memory": memory, "start": start, "end": end, "price": price}
