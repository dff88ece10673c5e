"""Running means over the last batches, as whole sums."""

from __future__ import annotations

from collections import deque
from fractions import Fraction

from heuristics.schedulers.batches.policy import Finished


class Recent:
    """The last batches of a bin, and their sums.

    A window forgets a change of traffic after so many batches, and its sums of integers are exact, which a
    decaying mean would be only with ever longer denominators.

    Parameters
    ----------
    window
        Batches that are remembered.
    """

    def __init__(self, window: int) -> None:
        self._batches: deque[Finished] = deque(maxlen=window)
        self.requests = self.tokens = self.squares = 0
        self._served = self._latency = 0

    def add(self, finished: Finished) -> None:
        """Remember a batch, and forget the oldest of a full window."""
        if len(self._batches) == self._batches.maxlen:
            self._count(self._batches[0], -1)
        self._batches.append(finished)
        self._count(finished, 1)

    def _count(self, batch: Finished, sign: int) -> None:
        self.requests += sign * batch.size
        self.tokens += sign * batch.tokens
        self.squares += sign * batch.squares
        self._served += sign * batch.size * batch.service
        self._latency += sign * batch.latency

    @property
    def mean_size(self) -> Fraction:
        """b̄: requests per batch."""
        return Fraction(self.requests, len(self._batches))

    @property
    def mean_service(self) -> Fraction:
        """Mean over requests of the device time of their batch, in ns."""
        return Fraction(self._served, self.requests)

    @property
    def mean_latency(self) -> Fraction:
        """Mean over requests of completion − arrival, in ns."""
        return Fraction(self._latency, self.requests)
