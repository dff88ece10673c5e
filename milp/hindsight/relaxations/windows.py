"""How many requests can be on time, from above, by windows of time.

A request that is on time runs between its arrival r_i and its deadline d_i, so requests with r_i ≥ a and
d_i ≤ d that are on time take no more than m (d − a) of the device time inside the window [a, d]. With
y_i = 1 for those on time, Σ_{r_i ≥ a, d_i ≤ d} w_i y_i ≤ m (d − a) for every window. For multipliers μ ≥ 0
of windows, the number on time is at most

    Σ_windows μ m (d − a)  +  Σ_i max(0, 1 − w_i Σ_{windows ∋ i} μ).

Requests with T(1, L_i) over their promised latency D_i are never on time. Others are so only in batches that
take at most D_i: the shares w_i are those of the batches that the on-time members of a batch would make
alone, which take at most the least of their D. So w_i may be the least entry for L_i of the tables for all
promised latencies up to D_i.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from instances.exact import IntArray
from milp.hindsight.relaxations.case import Case
from milp.hindsight.units import UNITS

Ints = npt.NDArray[np.int64]

ONE = 2**60
"""A multiplier in units of 1/ONE per unit of share: prices of windows are integers."""


@dataclass(frozen=True, eq=False)
class OnTime:
    """Requests that can be on time at all, in order of arrival.

    Attributes
    ----------
    arrival, deadline
        ns: int64, shape (candidates,).
    share
        Least device time in units, shape (candidates,).
    devices
        Number of devices.
    """

    arrival: Ints
    deadline: Ints
    share: IntArray
    devices: int


Window = tuple[int, int, int]
"""Start and end in ns, and the multiplier μ in units of 1/ONE."""


def candidates(case: Case, latency: Ints, prices: tuple[int, ...]) -> OnTime:
    """Return who can be within its promised latency, and the device time that this takes at least.

    Parameters
    ----------
    case
        The problem.
    latency
        Promised latency of each request in ns: int64, shape (requests,).
    prices
        Prices of memory, as in `shares`.
    """
    possible = case.alone <= latency
    work = case.work_within(prices, latency)
    arrival = case.arrivals.arrival[possible]
    return OnTime(arrival, arrival + latency[possible], work[possible].astype(object), case.devices)


def most_on_time(requests: OnTime, windows: Sequence[Window]) -> int:
    """Return the bound of these windows on the number of requests that are on time.

    Raises
    ------
    ValueError
        If a window ends before it starts, or its multiplier is negative or has too many digits.
    """
    price = np.zeros(len(requests.arrival), dtype=object)
    paid = 0
    for start, end, multiplier in windows:
        if not 0 <= start <= end < 2**62 or not 0 <= multiplier < 2**128:
            raise ValueError("windows from 0 to 2^62 ns with multipliers from 0 to 2^128 are expected")
        first = int(np.searchsorted(requests.arrival, start))
        last = int(np.searchsorted(requests.arrival, end, "right"))
        price[first:last] += np.where(requests.deadline[first:last] <= end, multiplier, 0)
        paid += multiplier * requests.devices * (end - start) * UNITS
    kept = ONE - requests.share * price
    return min(len(kept), int(paid + sum(kept[kept > 0].tolist())) // ONE)
