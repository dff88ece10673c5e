"""Least device time of a set of requests, and what follows for the end of a schedule.

T(b, L) is nondecreasing in L. Take any batches, order them by descending longest length and hand the
requests out again, longest first, to batches of the same sizes: at most Σ_{j<k} |B_j| requests are longer
than the longest of B_k, so the new longest of the k-th batch is no longer than the old one. So consecutive
groups in descending order of length are optimal if batches are limited in size only, also where the limit
depends on the longest member and falls with its length, as the one that follows from memory does. The best
consecutive groups are a shortest path.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from instances.exact import widened
from milp.hindsight.batches.case import BatchCase

Ints = npt.NDArray[np.int64]


def least_grouping(case: BatchCase, rows: Ints) -> int:
    """Return the least device time in ns of requests of these rows of `case.lengths`, in any batches."""
    longest_first = np.sort(rows)[::-1].tolist()
    count = len(longest_first)
    durations = widened(case.durations, (int(case.durations.max()) + 1) * (count + 1))
    never = (int(case.durations.max()) + 1) * (count + 1)
    least = np.full(count + 1, never, dtype=durations.dtype)
    least[0] = 0
    largest = case.largest.tolist()
    for start, row in enumerate(longest_first):
        size = min(largest[row], count - start)
        ends = least[start + 1 : start + 1 + size]
        np.minimum(ends, least[start] + durations[row, :size], out=ends)
    return int(least[count])


def device_time_by_grouping(case: BatchCase) -> Fraction:
    """Return the least device time of all requests in ns, by size limits alone."""
    return Fraction(least_grouping(case, case.row))


def makespan_by_grouping(case: BatchCase, suffixes: Iterable[int]) -> Fraction:
    """Return the best bound that named suffixes of the arrivals give on the last completion, in ns.

    Requests k, k + 1, … run after the arrival of k, on all devices for at least their least device time.

    Raises
    ------
    ValueError
        If a suffix is not one.
    """
    arrival = case.arrivals.arrival
    best = 0
    for first in suffixes:
        if not 0 <= first < len(arrival):
            raise ValueError(f"there is no request {first}")
        time = least_grouping(case, case.row[first:])
        best = max(best, int(arrival[first]) - (-time // case.devices))
    return Fraction(best)
