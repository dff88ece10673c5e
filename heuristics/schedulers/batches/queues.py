"""Queues of waiting requests, first in first out."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate

import numpy as np
import numpy.typing as npt

from instances.serving.arrivals import Arrivals

Ints = npt.NDArray[np.int64]


class BinQueue:
    """The requests of one bin in order of arrival; those from `head` on that have arrived are waiting.

    A batch is cut from the front and what it cannot hold never leaves its place, which is the same as
    returning unused candidates to the front of the queue.

    Parameters
    ----------
    arrivals
        All requests of the trace.
    members
        int64, shape (members,): those of this bin, ascending.
    """

    def __init__(self, arrivals: Arrivals, members: Ints) -> None:
        self.members = members
        # Lists: the simulator reads single values, which numpy would wrap one by one.
        self.arrival: list[int] = arrivals.arrival[members].tolist()
        self.tokens: list[int] = arrivals.tokens[members].tolist()
        self.head = 0
        self._arrived = 0

    def waiting(self, now: int) -> int:
        """Return how many requests wait at `now`, arrivals of this ns included; `now` never falls."""
        self._arrived = bisect_right(self.arrival, now, self._arrived)
        return self._arrived - self.head

    def take(self, most: int, room: int) -> range:
        """Remove requests from the front: the longest prefix of at most `most` requests and `room` tokens.

        Parameters
        ----------
        most
            At least 1 and at most what is waiting.
        room
            Tokens, prompt + true gen; at least those of the first request.

        Returns
        -------
        range
            Places of the requests taken in `members`.
        """
        start = self.head
        reached = list(accumulate(self.tokens[start : start + most]))
        self.head = start + (most if reached[-1] <= room else bisect_right(reached, room))
        return range(start, self.head)
