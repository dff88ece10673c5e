"""Mean latency from below, by the shortest remaining work first.

Spread the device time of every batch over its members, at least the share w_i for each. On m devices that
is work done at speed m at most, none of it before its request has arrived and all of it by the request's
completion. So Σ C_i is at least the least total completion time of works w_i on one preemptive machine of
speed m, which the rule "least remaining work first" attains (Schrage 1968).
"""

from __future__ import annotations

from fractions import Fraction
from heapq import heappop, heappush, heapreplace

from instances.exact import IntArray
from milp.hindsight.relaxations.case import Case
from milp.hindsight.units import UNITS, total


def mean_latency_alone(case: Case) -> Fraction:
    """Return the mean of T(1, L_i) in ns: no request takes less."""
    return Fraction(total(case.alone), len(case.alone))


def mean_latency_by_remaining_work(case: Case, prices: tuple[int, ...]) -> Fraction:
    """Return the mean latency in ns of all shares on one fast machine; completions are whole ns."""
    scale = UNITS * case.devices
    ends = least_total_completion(case, case.work(prices), scale)
    return Fraction(-(-ends // scale) - total(case.arrivals.arrival), len(case.arrivals))


def least_total_completion(case: Case, work: IntArray, scale: int) -> int:
    """Return the least Σ C_i on one preemptive machine, in units of 1/scale ns, one of work per unit of time.

    Parameters
    ----------
    case
        The problem.
    work
        Work of each request, in order of arrival.
    scale
        Units of time in a ns.
    """
    left: list[int] = []
    now = ends = 0
    for arrival, amount in zip(case.arrivals.arrival.tolist(), work.tolist(), strict=True):
        until = arrival * scale
        while left and now + left[0] <= until:
            now += heappop(left)
            ends += now
        if left:
            heapreplace(left, left[0] - (until - now))
        now = until
        heappush(left, amount)
    for amount in sorted(left):
        now += amount
        ends += now
    return ends
