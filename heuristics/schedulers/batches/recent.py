"""Running means over the last batches, as whole sums."""

from __future__ import annotations

from collections import deque

from heuristics.schedulers.batches.policy import Finished


class Recent:
    """The last batches of a bin, and their sums.

    A window forgets a change of traffic after so many batches, and its sums of integers are exact, which a
    decaying mean would be only with ever longer denominators.

    Parameters
    ----------
    window
        Batches that are remembered.

    Attributes
    ----------
    requests
        Requests of these batches.
    tokens, squares
        Σ L and Σ L² over these requests, L = prompt + gen in tokens.
    service, latency
        Sums over these requests of the device time of their batch and of completion − arrival, in ns.
    """

    def __init__(self, window: int) -> None:
        self._batches: deque[Finished] = deque(maxlen=window)
        self.requests = self.tokens = self.squares = self.service = self.latency = 0

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
        self.service += sign * batch.size * batch.service
        self.latency += sign * batch.latency

    @property
    def batches(self) -> int:
        """Batches that are remembered."""
        return len(self._batches)
