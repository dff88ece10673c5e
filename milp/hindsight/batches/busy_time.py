"""Mean latency from below, by mean busy times.

Spread the device time of a batch evenly over its run, and over its members, at least w_i for each. A batch
that runs from s to C takes C − s ≥ T(1, L_i) for each member i, whose share has the mean busy time
M_i = (s + C) / 2, so C_i ≥ M_i + T(1, L_i) / 2. Where more than w_i is spent on i, the first part of it may
be left out evenly, which leaves M_i as it is.

Σ M_i is at least what one preemptive machine of speed m needs for works w_i. There it is
Σ_i ∫ t dI_i(t) / w_i with I_i(t) the work done by t, so it is best to always run the waiting request of least
w_i: exchanging two pieces of work in favour of the larger 1 / w_i never costs (Goemans 1997, "Improved
approximation algorithms for scheduling with release dates", SODA, section 2).
"""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction
from heapq import heappop, heappush, heapreplace

from instances.exact import IntArray
from milp.hindsight.batches.case import BatchCase
from milp.hindsight.units import UNITS, total

FINENESS = 2**20
"""Parts of a unit of time to which mean busy times are rounded down."""


def mean_latency_by_busy_time(case: BatchCase, prices: tuple[int, ...]) -> Fraction:
    """Return the mean of M_i + T(1, L_i) / 2 − r_i in ns, its total rounded up: completions are whole."""
    scale = UNITS * case.devices
    busy = least_mean_busy_times(case, case.work(prices), scale)
    completions = Fraction(busy, FINENESS * scale) + Fraction(total(case.alone), 2)
    whole = -(-completions.numerator // completions.denominator)
    return Fraction(whole - total(case.arrivals.arrival), len(case.arrivals))


def least_mean_busy_times(case: BatchCase, work: IntArray, scale: int) -> int:
    """Return Σ M_i at its least on one preemptive machine, in units of 1/(scale · FINENESS) ns, rounded down.

    Parameters
    ----------
    case
        The problem.
    work
        Work of each request, in order of arrival; requests without any are busy at their arrival.
    scale
        Units of time in a ns, in each of which one unit of work is done.
    """
    # Of a piece of work from t to u, ∫ t dI = (u² − t²) / 2; requests of equal work share a denominator.
    twice: defaultdict[int, int] = defaultdict(int)
    idle = now = 0
    waiting: list[list[int]] = []
    for arrival, amount in zip(case.arrivals.arrival.tolist(), work.tolist(), strict=True):
        until = arrival * scale
        while waiting and now + waiting[0][1] <= until:
            own, left = heappop(waiting)
            twice[own] += left * (2 * now + left)
            now += left
        if waiting and now < until:
            own, left = waiting[0]
            twice[own] += until * until - now * now
            heapreplace(waiting, [own, left - (until - now)])
        now = until
        if amount:
            heappush(waiting, [amount, amount])
        else:
            idle += until
    for own, left in sorted(waiting):
        twice[own] += left * (2 * now + left)
        now += left
    return idle * FINENESS + sum(moment * FINENESS // (2 * own) for own, moment in twice.items())
