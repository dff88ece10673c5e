"""Device time and makespan from below, by what requests take of the devices together."""

from __future__ import annotations

from fractions import Fraction

from milp.hindsight.relaxations.case import Case
from milp.hindsight.units import device_time, per_device, total


def device_time_by_shares(case: Case, prices: tuple[int, ...]) -> Fraction:
    """Return a lower bound on the device time of all requests in ns: the sum of their shares."""
    return Fraction(device_time(total(case.work(prices))))


def makespan_alone(case: Case) -> Fraction:
    """Return the latest end in ns of a request that runs alone from its arrival on."""
    return Fraction(int((case.arrivals.arrival + case.alone).max()))


def makespan_by_shares(case: Case, prices: tuple[int, ...]) -> Fraction:
    """Return the best bound that sums of shares of all suffixes give on the last completion, in ns."""
    return Fraction(max(suffix_ends(case, prices)))


def suffix_ends(case: Case, prices: tuple[int, ...]) -> list[int]:
    """Return per suffix of the arrivals the earliest end in ns of its shares, on all devices together."""
    ends, load = [], 0
    own = case.work(prices).tolist()
    for arrival, share in zip(reversed(case.arrivals.arrival.tolist()), reversed(own), strict=True):
        load += share
        ends.append(arrival + per_device(load, case.devices))
    return ends[::-1]
