"""How each bound of model A is recomputed from the problem and a claim's multipliers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from milp.hindsight.batches.busy_time import mean_latency_by_busy_time
from milp.hindsight.batches.case import BatchCase
from milp.hindsight.batches.device_prices import Prices, mean_latency_by_device_prices
from milp.hindsight.batches.device_time import (
    device_time_by_grouping,
    device_time_by_shares,
    makespan_alone,
    makespan_by_grouping,
    makespan_by_shares,
)
from milp.hindsight.batches.lateness import (
    percentile_alone,
    percentile_by_windows,
    violations_alone,
    violations_by_windows,
)
from milp.hindsight.batches.remaining_work import mean_latency_alone, mean_latency_by_remaining_work
from milp.hindsight.batches.windows import Window
from milp.hindsight.certificate import Claim

MOST_WINDOWS = 2**14


@dataclass(frozen=True)
class Method:
    """How a bound is recomputed.

    Attributes
    ----------
    recompute
        Returns the bound; None if there is none. Raises ValueError if multipliers are out of range.
    columns
        Names of the columns of multipliers.
    """

    recompute: Callable[[BatchCase, Claim], Fraction | None]
    columns: tuple[str, ...] = ()


def _memory(claim: Claim) -> tuple[int, ...]:
    return claim.multipliers["memory"]


def _windows(claim: Claim) -> tuple[Window, ...]:
    columns = [claim.multipliers[name] for name in ("start", "end", "price")]
    if len({len(column) for column in columns}) > 1 or len(columns[0]) > MOST_WINDOWS:
        raise ValueError(f"columns of windows of equal length, at most {MOST_WINDOWS}, are expected")
    return tuple(zip(*columns, strict=True))


def _quantile(claim: Claim) -> Fraction:
    if claim.quantile is None:
        raise ValueError("a percentile needs a quantile")
    return claim.quantile


def _percentile_by_windows(case: BatchCase, claim: Claim) -> Fraction | None:
    if claim.value.denominator != 1:
        raise ValueError("a percentile is a whole number of ns")
    within = claim.value.numerator - 1
    return percentile_by_windows(case, _quantile(claim), within, _memory(claim), _windows(claim))


def _mean_latency_by_device_prices(case: BatchCase, claim: Claim) -> Fraction:
    time, price, scale = (claim.multipliers[name] for name in ("time", "price", "scale"))
    if len(scale) != 1:
        raise ValueError("one scale is expected")
    return mean_latency_by_device_prices(case, Prices.of(time, price, scale[0]))


WINDOW_COLUMNS = ("memory", "start", "end", "price")

METHODS: dict[tuple[str, str], Method] = {
    ("device_time", "grouping"): Method(lambda case, _: device_time_by_grouping(case)),
    ("device_time", "shares"): Method(
        lambda case, claim: device_time_by_shares(case, _memory(claim)), ("memory",)
    ),
    ("makespan", "alone"): Method(lambda case, _: makespan_alone(case)),
    ("makespan", "grouping"): Method(
        lambda case, claim: makespan_by_grouping(case, claim.multipliers["suffix"]), ("suffix",)
    ),
    ("makespan", "shares"): Method(lambda case, claim: makespan_by_shares(case, _memory(claim)), ("memory",)),
    ("mean_latency", "alone"): Method(lambda case, _: mean_latency_alone(case)),
    ("mean_latency", "remaining-work"): Method(
        lambda case, claim: mean_latency_by_remaining_work(case, _memory(claim)), ("memory",)
    ),
    ("mean_latency", "busy-time"): Method(
        lambda case, claim: mean_latency_by_busy_time(case, _memory(claim)), ("memory",)
    ),
    ("mean_latency", "device-prices"): Method(_mean_latency_by_device_prices, ("time", "price", "scale")),
    ("violations", "alone"): Method(lambda case, _: violations_alone(case)),
    ("violations", "windows"): Method(
        lambda case, claim: violations_by_windows(case, _memory(claim), _windows(claim)), WINDOW_COLUMNS
    ),
    ("percentile", "alone"): Method(lambda case, claim: percentile_alone(case, _quantile(claim))),
    ("percentile", "windows"): Method(_percentile_by_windows, WINDOW_COLUMNS),
}
