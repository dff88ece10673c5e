"""Mean latency from below, by prices of device time that change with time.

Let device time cost λ(t) ≥ 0 per ns at time t, and Λ(t) = ∫_0^t λ. The time that a schedule uses costs at
most mΛ(∞). A batch of b that runs from s to C costs X = Λ(C) − Λ(s), of which its members bear parts that add
up to 1 at most: 1/b each if b · max L ≤ η, and L_i/η otherwise. With X ≥ Λ(s + p) − Λ(s) for p ≤ C − s,

    Σ C_i ≥ Σ_i min { s + p + f · (Λ(s + p) − Λ(s)) } − mΛ(∞)

over starts s ≥ r_i and kinds of batches (p, f) that i may be in: p = T(b, L_i) and f = 1/b if bL_i ≤ η, and
f = L_i/η with the least time of a batch of b whose longest has L > η/b tokens. Sizes whose times differ
little count as one kind, with the least time and the least part of them.

As a function of s the term is linear between those s for which λ changes at s or at s + p, and grows in the
end, so that only these and r_i have to be looked at. It is the Lagrangian bound of the time-indexed
formulation of Dyer and Wolsey (1990), in which every request chooses a start and a kind of batch.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from milp.hindsight.batches.case import BatchCase
from milp.hindsight.units import total

Ints = npt.NDArray[np.int64]

ALIKE = 256
"""Batches whose times differ by less than this part of them are of one kind."""
MOST_STEPS = 2**12
LARGEST = 2**61


@dataclass(frozen=True, eq=False)
class Prices:
    """A price of device time, constant between steps and 0 before the first and after the last.

    Attributes
    ----------
    time
        Steps in ns, ascending: int64, shape (steps + 1,).
    price
        λ from each step to the next in units of 1/scale: int64, shape (steps,).
    scale
        Units in 1.
    """

    time: Ints
    price: Ints
    scale: int

    @classmethod
    def of(cls, time: tuple[int, ...], price: tuple[int, ...], scale: int) -> Prices:
        """Check that prices are such that everything stays in int64.

        Raises
        ------
        ValueError
            If they are not.
        """
        if not 2 <= len(time) <= MOST_STEPS or len(price) != len(time) - 1 or not 1 <= scale <= 2**16:
            raise ValueError(
                f"up to {MOST_STEPS} times, a price from each to the next, and a scale are expected"
            )
        steps = [after - before for before, after in pairwise(time)]
        if time[0] < 0 or min(steps) <= 0 or time[-1] * scale >= LARGEST or min(price) < 0:
            raise ValueError("ascending times and prices of at least 0 are expected")
        if sum(own * step for own, step in zip(price, steps, strict=True)) >= LARGEST:
            raise ValueError("prices are too high")
        return cls(np.array(time, dtype=np.int64), np.array(price, dtype=np.int64), scale)

    def until(self, times: Ints) -> Ints:
        """Return Λ at these times in units of 1/scale ns: int64, shape of `times`."""
        steps = self.price * np.diff(self.time)
        before = np.concatenate(([0], np.cumsum(steps)))[:-1]
        cell = np.clip(np.searchsorted(self.time, times, "right") - 1, 0, len(self.price) - 1)
        within: Ints = np.clip(times, self.time[0], self.time[-1]) - self.time[cell]
        until: Ints = before[cell] + self.price[cell] * within
        return until

    @property
    def whole(self) -> int:
        """Λ(∞) in units of 1/scale ns."""
        return int(self.until(self.time[-1:])[0])


Kinds = tuple[Ints, Ints, Ints]
"""Least time p in ns and part f as top and bottom of each kind of batch: int64, shape (kinds,) each."""


def kinds_of_batches(case: BatchCase) -> Iterator[Kinds]:
    """Yield per length the kinds of batches that a request of it may be in."""
    memory = case.device.kv_tokens
    # Per size, the row of the least length with which memory might bind.
    bound = np.searchsorted(case.lengths, memory // np.arange(1, case.most + 1), "right")
    for row, length in enumerate(case.lengths.tolist()):
        most = int(case.largest[row])
        even = case.durations[row, : min(most, memory // length)].tolist()
        kinds, first = [], 0
        for size in range(1, len(even) + 1):
            if size == len(even) or (even[size] - even[first]) * ALIKE > even[first]:
                kinds.append((even[first], 1, size))
                first = size
        longest = np.maximum(bound[:most], row)
        sizes = np.flatnonzero(longest < len(case.lengths))
        sizes = sizes[case.largest[longest[sizes]] > sizes]
        if len(sizes):
            kinds.append((int(case.durations[longest[sizes], sizes].min()), length, memory))
        time, top, bottom = np.array(kinds, dtype=np.int64).T
        yield time, top, bottom


def mean_latency_by_device_prices(case: BatchCase, prices: Prices) -> Fraction:
    """Return the bound that prices of device time give on the mean latency in ns.

    Raises
    ------
    ValueError
        If times are so long that they would not stay in int64.
    """
    last = int(case.arrivals.arrival[-1]) + 2 * int(case.durations.max())
    if (last + int(prices.time[-1])) * prices.scale >= LARGEST:
        raise ValueError("the scale is too large for this trace")
    ends = total(cheapest_completions(case, prices)) - case.devices * prices.whole
    # The sum of the completions is a whole number of ns.
    return Fraction(-(-ends // prices.scale) - total(case.arrivals.arrival), len(case.row))


def cheapest_completions(case: BatchCase, prices: Prices) -> Ints:
    """Return the cheapest completion and price of each request in units of 1/scale ns: shape (requests,)."""
    order = np.argsort(case.row, kind="stable")
    arrivals = np.split(case.arrivals.arrival[order], np.cumsum(np.bincount(case.row))[:-1])
    cheapest = np.empty(len(order), dtype=np.int64)
    cheapest[order] = np.concatenate(
        [
            _cheapest(prices, arrival, kinds)
            for arrival, kinds in zip(arrivals, kinds_of_batches(case), strict=True)
        ]
    )
    return cheapest


def _cheapest(prices: Prices, arrival: Ints, kinds: Kinds) -> Ints:
    """Return the cheapest completion and price of each request of one length, in units of 1/scale ns."""
    time = kinds[0][:, None]
    own = _cost(prices, np.broadcast_to(arrival, (len(time), len(arrival))), kinds).min(axis=0)
    steps = np.broadcast_to(prices.time, (len(time), len(prices.time)))
    # A start before the first arrival is nobody's; the first arrival itself is somebody's.
    starts = np.maximum(np.concatenate((steps, steps - time), axis=1), arrival[0])
    cost = _cost(prices, starts, kinds)
    latest = np.searchsorted(arrival, starts, "right") - 1
    np.minimum.at(own, latest, cost)
    cheapest: Ints = np.minimum.accumulate(own[::-1])[::-1]
    return cheapest


def _cost(prices: Prices, starts: Ints, kinds: Kinds) -> Ints:
    """Return s + p + f · (Λ(s + p) − Λ(s)) in units of 1/scale ns, rounded down: shape (kinds, starts)."""
    time, top, bottom = (column[:, None] for column in kinds)
    ends = starts + time
    whole, rest = np.divmod(prices.until(ends) - prices.until(starts), bottom)
    cost: Ints = ends * prices.scale + whole * top + rest * top // bottom
    return cost
