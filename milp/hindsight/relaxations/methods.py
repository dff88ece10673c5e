"""How each bound is recomputed from a problem of either machine model and a claim's multipliers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from milp.hindsight.certificate import Claim
from milp.hindsight.relaxations.case import Case
from milp.hindsight.relaxations.lateness import (
    percentile_alone,
    percentile_by_windows,
    violations_alone,
    violations_by_windows,
)
from milp.hindsight.relaxations.load import device_time_by_shares, makespan_alone, makespan_by_shares
from milp.hindsight.relaxations.remaining_work import mean_latency_alone, mean_latency_by_remaining_work
from milp.hindsight.relaxations.windows import Window

MOST_WINDOWS = 2**14


@dataclass(frozen=True)
class Method:
    """How a bound is recomputed.

    Attributes
    ----------
    recompute
        Called with the case and the claim; returns the bound, or None if there is none. Raises ValueError if
        multipliers are out of range.
    columns
        Names of the columns of multipliers.
    """

    recompute: Callable[[Any, Claim], Fraction | None]
    columns: tuple[str, ...] = ()


Methods = dict[tuple[str, str], Method]
"""Objective and name of a method to the method."""


def memory(claim: Claim) -> tuple[int, ...]:
    """Return the prices of memory of a claim."""
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


def _percentile_by_windows(case: Case, claim: Claim) -> Fraction | None:
    if claim.value.denominator != 1:
        raise ValueError("a percentile is a whole number of ns")
    within = claim.value.numerator - 1
    return percentile_by_windows(case, _quantile(claim), within, memory(claim), _windows(claim))


def _by(function: Callable[[Case, tuple[int, ...]], Fraction]) -> Method:
    """Return the method of a function of the case and prices of memory."""
    return Method(lambda case, claim: function(case, memory(claim)), ("memory",))


def _of(function: Callable[[Case], Fraction]) -> Method:
    """Return the method of a function of the case alone."""
    return Method(lambda case, _: function(case))


WINDOW_COLUMNS = ("memory", "start", "end", "price")

METHODS: Methods = {
    ("device_time", "shares"): _by(device_time_by_shares),
    ("makespan", "alone"): _of(makespan_alone),
    ("makespan", "shares"): _by(makespan_by_shares),
    ("mean_latency", "alone"): _of(mean_latency_alone),
    ("mean_latency", "remaining-work"): _by(mean_latency_by_remaining_work),
    ("violations", "alone"): _of(violations_alone),
    ("violations", "windows"): Method(
        lambda case, claim: violations_by_windows(case, memory(claim), _windows(claim)), WINDOW_COLUMNS
    ),
    ("percentile", "alone"): Method(lambda case, claim: percentile_alone(case, _quantile(claim))),
    ("percentile", "windows"): Method(_percentile_by_windows, WINDOW_COLUMNS),
}
"""What holds for every machine model."""
