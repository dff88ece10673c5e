"""Least mean latency of a few requests: dynamic programming over the set of requests that have started.

Batches are taken in order of their starts, each by the device that is free first. What is left to be done
depends on the set S of requests that have started and on the times at which devices are free, so a *label*
is (S; free times, ascending; Σ C_i over S). Of two labels with the same S one is superfluous if no entry of
the other is larger: what follows the one can follow the other.

Fewer batches need to be tried from a label, as Σ C_i does not change where two requests swap places:

- A batch that starts at s has no member i that an unstarted j with r_j ≤ s could replace if L_i < L_j ≤ the
  longest member and memory allows it. After the swap the batch takes no longer, and the later one, in which i
  runs instead of j, takes no longer and can start when it did. Of equal lengths whoever arrived first runs
  first.
- No batch starts at s if an unstarted j could have run alone on the same device by s: j would complete
  earlier, and nobody later.

Each of the two leads to an earlier start, to more tokens in the first batch or to earlier arrivals in it, so
they end. A label is dropped if a bound on what is left shows that it reaches no less than a known total: the
k-th completion of the unstarted is at least the k-th smallest max(r_j, first free time) + T(1, L_j), and no
device time suffices for the k smallest shares before it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import inf

import numpy as np
import numpy.typing as npt

from instances.errors import InputError
from instances.exact import INT64_SAFE
from milp.hindsight.batches.case import BatchCase
from milp.hindsight.batches.subset_batches import every_batch
from milp.hindsight.units import UNITS, total

Ints = npt.NDArray[np.int64]

MOST_REQUESTS = 16
"""Most requests: all sets of them are enumerated."""
MOST_CERTIFIED = 12
"""Most requests for which a verifier searches all schedules: seconds at most."""


@dataclass(frozen=True, eq=False)
class Labels:
    """Labels with equally many started requests, sorted by their set.

    Attributes
    ----------
    started
        Set of requests: int64, shape (labels,).
    free
        Times at which devices are free in ns, ascending: int64, shape (labels, devices).
    ends
        Σ C_i in ns over the started: int64, shape (labels,).
    before
        Number of started requests and index of the label that this one continues: int64, shape (labels, 2).
    """

    started: Ints
    free: Ints
    ends: Ints
    before: Ints

    def at(self, chosen: npt.NDArray[np.intp]) -> Labels:
        """Return some of them."""
        return Labels(self.started[chosen], self.free[chosen], self.ends[chosen], self.before[chosen])

    @classmethod
    def first(cls, devices: int) -> Labels:
        """Return the label from which everything starts: nobody has started, all devices are free."""
        none = np.zeros((1, 2), dtype=np.int64)
        return cls(none[:, 0], np.zeros((1, devices), dtype=np.int64), none[:, 0], none)

    @classmethod
    def joined(cls, parts: list[Labels]) -> Labels:
        """Return all of them, sorted by their set."""
        columns = [np.concatenate([getattr(p, name) for p in parts]) for name in cls.__dataclass_fields__]
        return cls(*columns).at(np.argsort(columns[0], kind="stable"))


class Search:
    """What all passes over the sets have in common.

    Raises
    ------
    InputError
        If there are more than `MOST_REQUESTS`, or times do not stay in int64.
    """

    def __init__(self, case: BatchCase) -> None:
        self.arrival, self.alone = case.arrivals.arrival, case.alone
        self.count, self.devices = len(self.arrival), min(case.devices, len(self.arrival))
        if self.count > MOST_REQUESTS:
            raise InputError(f"at most {MOST_REQUESTS} requests to search all schedules", self.count)
        horizon = int(self.arrival[-1]) + self.count * int(case.durations.max())
        if horizon * (self.count + self.devices) >= INT64_SAFE:
            raise InputError("times whose sums stay in 64 bits", horizon)
        self.share: Ints = np.asarray(case.work(()) // UNITS, dtype=np.int64)
        self.batches = every_batch(case)

    def layers(self, below: int, width: int | None = None, until: float = inf) -> list[Labels]:
        """Return the labels from which a total below some number may be reached, by number of the started.

        Parameters
        ----------
        below
            Only Σ C_i below this are looked for, in ns.
        width
            Labels to go on from per number of started requests, the most promising ones; None for all.
        until
            When to stop, on the clock of `time.monotonic`.

        Raises
        ------
        TimeoutError
            If it stopped.
        """
        waiting: list[list[Labels]] = [[] for _ in range(self.count + 1)]
        waiting[0].append(Labels.first(self.devices))
        done = []
        for count, parts in enumerate(waiting):
            layer = self._thinned(parts, below, width, until)
            done.append(layer)
            bounds = np.flatnonzero(np.diff(layer.started, prepend=-1, append=-1))
            for first, end in pairwise(bounds.tolist()):
                _stop_after(until)
                following, size = self._continued(layer.at(np.arange(first, end)), (count, first))
                for more in np.unique(size).tolist():
                    waiting[count + more].append(following.at(np.flatnonzero(size == more)))
            parts.clear()
        return done

    def _thinned(self, parts: list[Labels], below: int, width: int | None, until: float) -> Labels:
        """Return the labels that are worth continuing, sorted by their sets."""
        labels = Labels.joined([Labels.first(self.devices).at(np.arange(0)), *parts])
        kept, least = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
        bounds = np.flatnonzero(np.diff(labels.started, prepend=-1, append=-1))
        for first, end in pairwise(bounds.tolist()):
            _stop_after(until)
            left = self._members(~int(labels.started[first]))
            if len(left):
                # No device is of use before somebody unstarted has arrived.
                labels.free[first:end] = np.maximum(labels.free[first:end], self.arrival[left[0]])
            reach = labels.ends[first:end] + self._ends_of(left, labels.free[first:end])
            own = np.flatnonzero(reach < below)
            own = own[_undominated(labels.ends[first + own], labels.free[first + own])]
            kept.append(first + own)
            least.append(reach[own])
        chosen = np.concatenate(kept)
        if width is not None:
            best = np.argsort(np.concatenate(least), kind="stable")[:width]
            chosen = np.sort(chosen[best])
        return labels.at(chosen)

    def _members(self, requests: int) -> Ints:
        """Return the requests of a set."""
        return np.flatnonzero((requests >> np.arange(self.count)) & 1)

    def _ends_of(self, left: Ints, free: Ints) -> Ints:
        """Return a bound on Σ C_i over unstarted requests in ns, from each label's free times.

        If devices are busy from f_1 ≤ f_2 ≤ … on, they have done work W at min_d (W + Σ_{k ≤ d} f_k) / d.
        """
        soonest = np.sort(np.maximum(self.arrival[left], free[:, :1]) + self.alone[left], axis=1)
        work = np.cumsum(np.sort(self.share[left]))
        number = np.arange(1, self.devices + 1)
        busy = (work[:, None] + np.cumsum(free, axis=1)[:, None, :]) // number
        ends: Ints = np.maximum(soonest, busy.min(axis=2)).sum(axis=1)
        return ends

    def _continued(self, labels: Labels, place: tuple[int, int]) -> tuple[Labels, Ints]:
        """Return what labels of one set lead to with one more batch, and the sizes of the batches.

        Parameters
        ----------
        labels
            The labels.
        place
            Number of started requests, and index of the first label among those of the same number.
        """
        unstarted = ~int(labels.started[0]) & ((1 << self.count) - 1)
        left, batches, free = self._members(unstarted), self.batches.within(unstarted), labels.free
        start = np.maximum(free[:, :1], batches.last)
        alone = (np.maximum(free[:, :1], self.arrival[left]) + self.alone[left]).min(
            axis=1, initial=INT64_SAFE
        )
        arrived = (np.int64(1) << np.searchsorted(self.arrival, free[:, :1], "right")) - 1
        better = batches.longer & unstarted & (batches.arrived | arrived)
        label, batch = np.nonzero((better == 0) & (start < alone[:, None]))
        begin, size = start[label, batch], batches.size[batch]
        end = begin + batches.taken[batch]
        # No later batch starts before this one.
        others = np.maximum(free[label, 1:], begin[:, None])
        return Labels(
            labels.started[label] | batches.members[batch],
            np.sort(np.column_stack((others, end)), axis=1),
            labels.ends[label] + size * end,
            np.column_stack((np.full_like(label, place[0]), place[1] + label)),
        ), size


def _stop_after(moment: float) -> None:
    """Raise TimeoutError after a moment of `time.monotonic`."""
    if time.monotonic() > moment:
        raise TimeoutError


def _undominated(ends: Ints, free: Ints) -> Ints:
    """Return the indices of labels of one set without those that another makes superfluous."""
    order = np.lexsort((*free.T[::-1], ends))
    points, kept = np.column_stack((ends, free))[order], []
    while len(points):
        # In this order none is made superfluous by a later one.
        kept.append(order[0])
        worth = (points < points[0]).any(axis=1)
        points, order = points[worth], order[worth]
    return np.array(kept, dtype=np.int64)


def mean_latency_by_subsets(case: BatchCase, claimed: Fraction) -> Fraction | None:
    """Return the claimed mean latency in ns if no schedule has less, else None.

    Raises
    ------
    ValueError
        If there are more than `MOST_CERTIFIED` requests, or times do not stay in int64.
    """
    if len(case.row) > MOST_CERTIFIED:
        raise ValueError(f"at most {MOST_CERTIFIED} requests are expected")
    whole = claimed * len(case.row)
    below = -(-whole.numerator // whole.denominator) + total(case.arrivals.arrival)
    reached = Search(case).layers(min(below, INT64_SAFE))[-1]
    return None if len(reached.ends) else claimed
