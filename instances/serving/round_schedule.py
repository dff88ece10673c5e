"""What model B did: strides of rounds of each device, and the stretches in which each request ran."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from instances.serving.round_device import RoundDevice

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class RoundSchedule:
    """Strides in order of their start, equal starts by device; stretches in order of request, then time.

    A *stride* is a number of rounds of one device, one right after the other, in which the same requests run:
    who runs changes between strides only, so that rounds need no rows of their own. A *stretch* is a number
    of consecutive rounds in which one request runs; a request that was never preempted ran in one stretch.
    The next stretch of a preempted request holds what it held before and grows from there; its prompt is
    prefilled once, in the first round of its first stretch.

    Attributes
    ----------
    device, start, finish
        int64, shape (strides,): device from 0, start of the first and finish of the last round in ns.
    ordinal, rounds
        int64, shape (strides,): number of the first round on its own device, from 0; number of rounds.
    prefilled, running, held
        int64, shape (strides,): prompt tokens prefilled in the first round, requests that run in every
        round, tokens held in the first round; each round after it holds `running` tokens more.
    request
        int64, shape (stretches,): whose stretch it is.
    on, first, tokens
        int64, shape (stretches,): device, ordinal of its first round there, and rounds, that is tokens
        generated, of each stretch. Each begins and ends where a stride does.
    """

    device: Ints
    start: Ints
    finish: Ints
    ordinal: Ints
    rounds: Ints
    prefilled: Ints
    running: Ints
    held: Ints
    request: Ints
    on: Ints
    first: Ints
    tokens: Ints

    @property
    def begins(self) -> Ints:
        """When each stretch begins, in ns: int64, shape (stretches,)."""
        return self.start[self.first_stride]

    @property
    def ends(self) -> Ints:
        """When each stretch ends, in ns: int64, shape (stretches,)."""
        return self.finish[self.last_stride]

    @property
    def first_start(self) -> Ints:
        """When each request first runs, in ns: int64, shape (requests served,)."""
        return self.begins[self._first_stretch]

    @property
    def completion(self) -> Ints:
        """When each request completes, in ns: int64, shape (requests served,)."""
        last: Ints = np.append(self._first_stretch[1:], len(self.request)) - 1
        return self.ends[last]

    @property
    def run_time(self) -> Ints:
        """How long each request runs, over all its stretches, in ns: int64, shape (requests served,)."""
        total: Ints = np.add.reduceat(self.ends - self.begins, self._first_stretch)
        return total

    @property
    def preemptions(self) -> Ints:
        """How often each request was preempted: int64, shape (requests served,)."""
        return np.diff(np.append(self._first_stretch, len(self.request))) - 1

    def first_token(self, device: RoundDevice) -> Ints:
        """Return when the first token of each request is out, in ns: int64, shape (requests served,)."""
        needed, place = np.unique(self.first_stride[self._first_stretch], return_inverse=True)
        columns = (self.prefilled, self.running, self.held)
        rows = zip(*(column[needed].tolist() for column in columns), strict=True)
        first_round = np.array([device.duration(*row) for row in rows], dtype=np.int64)
        out: Ints = (self.start[needed] + first_round)[place]
        return out

    @cached_property
    def first_stride(self) -> Ints:
        """Stride that each stretch begins with: int64, shape (stretches,)."""
        return self._stride_of(self.first)

    @cached_property
    def last_stride(self) -> Ints:
        """Stride that each stretch ends with: int64, shape (stretches,)."""
        return self._stride_of(self.first + self.tokens - 1)

    def _stride_of(self, ordinal: Ints) -> Ints:
        """Return the stride that holds this round of each stretch's device."""
        order = np.lexsort((self.ordinal, self.device))
        # Rounds of all devices on one axis, each device on a part of its own.
        width = int((self.ordinal + self.rounds).max(initial=0)) + 1
        axis = (self.device * width + self.ordinal)[order]
        return order[np.searchsorted(axis, self.on * width + ordinal, side="right") - 1]

    @cached_property
    def _first_stretch(self) -> Ints:
        """First stretch of each request."""
        return np.flatnonzero(np.diff(self.request, prepend=-1))
