"""Choosing prices of device time: ascent on a coarse copy of the trace, in floating point.

Nothing is proven here. Requests are gathered in classes of similar length, arrivals and starts are rounded
to a grid, and prices rise where the cheapest batches of all requests ask for more than all devices, and fall
where they ask for less (a multiplicative subgradient method). They begin as a part of what a ns of one device
costs on a single fast machine: all requests that complete later in the same busy period wait for it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from milp.hindsight.batches.case import BatchCase
from milp.hindsight.batches.device_prices import LARGEST, Prices, kinds_of_batches

Floats = npt.NDArray[np.float64]

CELLS = 128
CLASSES = 40
ROUNDS = 240
STEP = 0.12
"""First step, as a part of a price whose cell is asked for twice as much as there is."""
FIRST_PARTS = (0.1, 0.3, 0.5, 0.8)
LEAST = 1e-3
"""Least price, as a part of the highest: others could not rise again."""


@dataclass(frozen=True)
class _Class:
    """Requests of similar length: how many arrive by grid point, and the kinds of their batches."""

    count: Floats
    time: Floats
    part: Floats


@dataclass(frozen=True)
class _Coarse:
    """A trace on a grid."""

    grid: Floats
    classes: tuple[_Class, ...]
    devices: int

    def value(self, price: Floats) -> tuple[float, Floats]:
        """Return the Lagrangian without Σ r_i, and the devices that are asked for in each cell."""
        cells, width = len(price), self.grid[1]
        until = np.concatenate(([0.0], np.cumsum(price * width)))
        value, change = -self.devices * until[-1], np.zeros(cells + 2)
        point = np.arange(cells + 1)
        for one in self.classes:
            ends = self.grid + one.time[:, None]
            cost = ends + one.part[:, None] * (np.interp(ends, self.grid, until) - until)
            kind = cost.argmin(axis=0)
            own = cost[kind, point]
            least = np.minimum.accumulate(own[::-1])[::-1]
            # The cheapest start of an arrival: the next point whose own cost is the least from there on.
            start = np.minimum.accumulate(np.where(own == least, point, cells)[::-1])[::-1]
            value += float(one.count @ least)
            asked = np.bincount(start, one.count, cells + 1)
            used = np.flatnonzero(asked)
            part = asked[used] * one.part[kind[used]]
            end = np.minimum(ends[kind[used], used] / width, cells)
            last = end.astype(np.int64)
            change += np.bincount(used, part, cells + 2)
            # The last cell of a run is used for a part of its width only.
            change -= np.bincount(last, part * (1 - (end - last)), cells + 2)
            change -= np.bincount(last + 1, part * (end - last), cells + 2)
        return value, np.cumsum(change)[:cells]


def find_device_prices(case: BatchCase) -> Prices:
    """Return prices of device time that make the bound on the mean latency high."""
    kinds = [(time / 1.0, top / bottom) for time, top, bottom in kinds_of_batches(case)]
    work = np.array([float((time * part).min()) for time, part in kinds])[case.row]
    coarse = _coarse(case, kinds, work)
    waiting = _waiting(case, coarse.grid, work) / case.devices
    starts = [np.maximum(waiting * part, LEAST) for part in FIRST_PARTS]
    price = max(starts, key=lambda first: coarse.value(first)[0])
    best, value = price, -np.inf
    for turn in range(ROUNDS):
        reached, asked = coarse.value(price)
        if reached > value:
            best, value = price, reached
        excess = np.clip(asked / case.devices - 1, -1, 1)
        price = np.maximum(price, LEAST * price.max()) * np.exp(STEP / np.sqrt(1 + turn / 20) * excess)
    return _rounded(case, coarse.grid, best)


def _coarse(case: BatchCase, kinds: list[tuple[Floats, Floats]], work: Floats) -> _Coarse:
    arrival = case.arrivals.arrival.astype(np.float64)
    done = np.cumsum(work) / case.devices
    end = float((np.maximum.accumulate(arrival - done + work / case.devices) + done).max())
    grid = np.linspace(0.0, end + 1.5 * float(case.durations.max()), CELLS + 1)
    point = np.rint(arrival / grid[1]).astype(np.int64)
    order = np.argsort(case.row, kind="stable")
    classes = []
    for members in np.array_split(order, min(CLASSES, len(order))):
        time, part = kinds[int(case.row[members[len(members) // 2]])]
        classes.append(
            _Class(np.bincount(point[members], minlength=CELLS + 1).astype(np.float64), time, part)
        )
    return _Coarse(grid, tuple(classes), case.devices)


def _waiting(case: BatchCase, grid: Floats, work: Floats) -> Floats:
    """Return how many requests complete in a cell's busy period after its middle, in order of arrival."""
    arrival = case.arrivals.arrival.astype(np.float64)
    done = np.cumsum(work) / case.devices
    completion = np.maximum.accumulate(arrival - done + work / case.devices) + done
    idle = np.append(arrival[1:] > completion[:-1], True)
    last = np.flatnonzero(idle)
    middle = (grid[1:] + grid[:-1]) / 2
    current = np.searchsorted(completion, middle)
    period = np.minimum(np.searchsorted(last, current), len(last) - 1)
    begun = arrival[np.minimum(current, len(arrival) - 1)] <= middle
    return np.where(begun, np.maximum(last[period] + 1 - current, 0), 0).astype(np.float64)


def _rounded(case: BatchCase, grid: Floats, price: Floats) -> Prices:
    """Return prices in whole units, as fine as int64 allows."""
    time = np.unique(np.rint(grid).astype(np.int64))
    price = price[: len(time) - 1]
    span = max(float(time[-1]) + 3 * float(case.durations.max()), float(price @ np.diff(time)))
    scale = 2**10
    while scale > 1 and 4 * span * scale >= LARGEST:
        scale //= 2
    whole = np.rint(price * scale).astype(np.int64).tolist()
    return Prices.of(tuple(time.tolist()), tuple(whole), scale)
