"""Violations and percentiles of the latency from below, by how many requests can be on time."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import ceil

import numpy as np

from milp.hindsight.relaxations.case import Case
from milp.hindsight.relaxations.windows import Window, candidates, most_on_time


def violations_alone(case: Case) -> Fraction:
    """Return how many requests are late even if they run alone from their arrival on."""
    return violations_by_windows(case, (), ())


def violations_by_windows(case: Case, prices: tuple[int, ...], windows: Sequence[Window]) -> Fraction:
    """Return a lower bound on the number of violations of the service level.

    Raises
    ------
    ValueError
        If the problem has no service level, or the windows are none.
    """
    level = case.problem.service_level
    if level is None:
        raise ValueError("the problem promises no latency")
    requests = candidates(case, level.of(case.arrivals.priority), prices)
    return Fraction(len(case.arrivals) - most_on_time(requests, windows))


def rank(quantile: Fraction, count: int) -> int:
    """Return the nearest rank ⌈qN⌉ of a percentile, from 1."""
    return max(1, ceil(quantile * count))


def percentile_alone(case: Case, quantile: Fraction) -> Fraction:
    """Return the percentile of T(1, L_i) in ns."""
    place = rank(quantile, len(case.arrivals)) - 1
    return Fraction(int(np.partition(case.alone, place)[place]))


def percentile_by_windows(
    case: Case, quantile: Fraction, latency: int, prices: tuple[int, ...], windows: Sequence[Window]
) -> Fraction | None:
    """Return latency + 1 ns if fewer requests than the percentile's rank can be within `latency` ns.

    None if these windows do not show it.

    Raises
    ------
    ValueError
        If the latency is out of range, or the windows are none.
    """
    if not 0 < latency < 2**62:
        raise ValueError("a latency from 1 to 2^62 ns is expected")
    promised = np.full(len(case.arrivals), latency, dtype=np.int64)
    within = most_on_time(candidates(case, promised, prices), windows)
    return Fraction(latency + 1) if within < rank(quantile, len(case.arrivals)) else None
