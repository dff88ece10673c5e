"""Windows whose bound on the number of requests on time is best: the greedy algorithm and its dual.

The linear program max Σ y_i, 0 ≤ y_i ≤ 1, over all windows asks how much work x_i = w_i y_i one preemptive
machine of speed m can do within [r_i, d_i] for each i. Such x form a polymatroid, so the greedy algorithm
is optimal: take requests in ascending order of w_i, each as far as the windows leave room (Edmonds 1970).
Where one gets less than w_i, its window is full, and from then on costs 1 / w_i per unit of work: every later
request in it has a larger w. Full windows that overlap in time merge; how the price of each merged window
falls gives the multipliers.

Requests with the same D whose windows are looked at together are contiguous in time, so that the room of a
window [a, d] is A_d − B_a with A_d = m d − work with d_i ≤ d, B_a = m a − work with r_i < a. With several
classes this holds per layer, the classes with D up to a given one: windows that are no shorter than that D
are exact in it, and it overrates the room of others only.

Nothing is proven here, so time may be coarsened: starts and ends are chosen from a grid.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right

import numpy as np
import numpy.typing as npt

from milp.hindsight.relaxations.windows import ONE, OnTime, Window
from milp.hindsight.units import UNITS

Ints = npt.NDArray[np.int64]

GRID = 2048
"""Starts and ends of windows that are looked at per layer; all of them if there are no more requests."""


class _Layer:
    """The room of all windows for classes up to one promised latency."""

    def __init__(self, arrival: Ints, deadline: Ints, devices: int, grid: int) -> None:
        self.start = _thinned(np.unique(arrival), grid, keep_first=True)
        self.end = _thinned(np.unique(deadline), grid, keep_first=False)
        self.before = devices * self.start
        self.after = devices * self.end

    def places(self, arrival: Ints, deadline: Ints) -> tuple[list[int], list[int]]:
        """Return how many starts are no later, and ends are earlier, than each request's own."""
        starts: list[int] = np.searchsorted(self.start, arrival, "right").tolist()
        ends: list[int] = np.searchsorted(self.end, deadline).tolist()
        return starts, ends

    def room(self, start: int, end: int) -> int:
        return int(np.minimum.reduce(self.after[end:])) - int(np.maximum.reduce(self.before[:start]))

    def take(self, start: int, end: int, work: int) -> None:
        self.after[end:] -= work
        self.before[start:] -= work

    def widest(self, start: int, end: int) -> tuple[int, int]:
        """Return the widest window around a request among those with least room."""
        first = int(self.before[:start].argmax())
        last = len(self.after) - 1 - int(self.after[end:][::-1].argmin())
        return int(self.start[first]), int(self.end[last])


class _Merging:
    """Disjoint full windows, each with the price at which it became what it is."""

    def __init__(self) -> None:
        self.open: list[tuple[int, int, int]] = []
        self.done: list[Window] = []

    def add(self, start: int, end: int, price: int) -> None:
        """Merge a window with those that it overlaps; they are paid from their price down to this one."""
        first = bisect_left(self.open, start, key=lambda window: window[1])
        last = bisect_right(self.open, end, key=lambda window: window[0])
        touched = self.open[first:last]
        if len(touched) == 1 and touched[0][0] <= start and end <= touched[0][1]:
            return
        self.done += [(a, d, own - price) for a, d, own in touched if own > price]
        start, end = min([start, *(a for a, _, _ in touched)]), max([end, *(d for _, d, _ in touched)])
        self.open[first:last] = [(start, end, price)]

    def windows(self) -> list[Window]:
        """Return all windows with their multipliers, the open ones paid down to nothing."""
        return self.done + self.open


def find_windows(requests: OnTime, grid: int = GRID) -> tuple[Window, ...]:
    """Return windows whose bound is the linear program's, but for the grid and rounding."""
    if not len(requests.arrival):
        return ()
    latency = requests.deadline - requests.arrival
    promises = np.unique(latency).tolist()
    layers = []
    for promised in promises:
        own = latency <= promised
        layers.append(_Layer(requests.arrival[own], requests.deadline[own], requests.devices, grid))
    places = [layer.places(requests.arrival, requests.deadline) for layer in layers]
    lowest = np.searchsorted(promises, latency).tolist()
    work = requests.share.tolist()
    merging = _Merging()
    for index in np.argsort(np.asarray(requests.share, dtype=np.float64), kind="stable").tolist():
        needed = -(-work[index] // UNITS)
        around = [
            (layer, starts[index], ends[index])
            for layer, (starts, ends) in zip(layers[lowest[index] :], places[lowest[index] :], strict=True)
        ]
        rooms = [layer.room(start, end) for layer, start, end in around]
        given = min(needed, *rooms)
        if given > 0:
            for layer, start, end in around:
                layer.take(start, end, given)
        if given < needed:
            layer, start, end = around[rooms.index(min(rooms))]
            merging.add(*layer.widest(start, end), -(-ONE // work[index]))
    return _tightened(requests, merging.windows())


def _thinned(times: Ints, grid: int, *, keep_first: bool) -> Ints:
    """Return at most about `grid` of the times, with the first or the last among them."""
    step = -(-len(times) // grid)
    return times[::step] if keep_first else times[::-1][::step][::-1]


def _tightened(requests: OnTime, windows: list[Window]) -> tuple[Window, ...]:
    """Return the windows from the first arrival in them to the last deadline in them."""
    tight = []
    for start, end, price in windows:
        inside = (requests.arrival >= start) & (requests.deadline <= end)
        if inside.any():
            within = int(requests.arrival[inside].min()), int(requests.deadline[inside].max())
            tight.append((*within, price))
    return tuple(sorted(tight))
