"""Queues by predicted gen length, each with a batch size of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
import numpy.typing as npt

from heuristics.schedulers.batches.policy import Finished, Session
from heuristics.schedulers.batches.sizing import BinState, Sizing
from instances.errors import InputError
from instances.serving.batch_device import BatchDevice

Ints = npt.NDArray[np.int64]

Choice = Literal["round-robin", "longest-queue"]

FIXED_EDGES = (64, 256, 1024)
"""Inner edges of the four default bins, in predicted tokens."""


@dataclass(frozen=True)
class MultiBin:
    """A free device serves one bin's queue, with the target of that bin's own statistics and controller.

    Batches of requests that generate about as much waste less on waiting for their longest (Guldogan et
    al., arXiv 2412.04504: throughput rises with the number of bins).

    Attributes
    ----------
    inner_edges
        Ascending inner edges between bins in predicted gen tokens, or None for equal mass.
    bins
        Number of bins of equal mass: as many requests of the trace are predicted to fall into each, as far
        as equal predictions, which stay together, allow. Ignored with `inner_edges`.
    choice
        ``round-robin``: the next bin, in cyclic order, whose queue is not empty. ``longest-queue``: the bin
        in which most requests wait, the lowest of several.
    sizing
        How each bin's batch size is found.
    """

    inner_edges: tuple[int, ...] | None = FIXED_EDGES
    bins: int = 4
    choice: Choice = "round-robin"
    sizing: Sizing = Sizing()

    def __post_init__(self) -> None:
        edges = self.inner_edges or ()
        if any(a >= b for a, b in pairwise(edges)) or min(edges, default=1) < 1:
            raise InputError("ascending edges of at least 1 token", str(edges), field="edges")
        if self.bins < 1:
            raise InputError("at least 1 bin", self.bins, field="bins")

    def edges(self, predicted: Ints) -> tuple[int, ...]:
        """Return the inner edges between the bins."""
        if self.inner_edges is not None:
            return self.inner_edges
        ordered = np.sort(predicted)
        ranks = [len(ordered) * k // self.bins for k in range(1, self.bins)]
        # Edges that coincide would make bins that nothing falls into.
        return tuple(sorted({int(ordered[rank]) for rank in ranks} - {int(ordered[0])}))

    def session(self, device: BatchDevice, bins: int) -> Session:
        """Return the policy at its start."""
        pick = _RoundRobin() if self.choice == "round-robin" else longest_queue
        return _Session([BinState(self.sizing, device) for _ in range(bins)], pick)


class _Session:
    def __init__(self, states: list[BinState], pick: Callable[[Sequence[int]], int]) -> None:
        self._states, self._pick = states, pick

    def choose(self, waiting: Sequence[int]) -> tuple[int, int]:
        chosen = self._pick(waiting)
        return chosen, self._states[chosen].target()

    def observe(self, finished: Finished) -> None:
        self._states[finished.bin].observe(finished)


class _RoundRobin:
    """Takes the bins in turn, beginning with the first."""

    def __init__(self) -> None:
        self._next = 0

    def __call__(self, waiting: Sequence[int]) -> int:
        bins = len(waiting)
        chosen = next(k % bins for k in range(self._next, self._next + bins) if waiting[k % bins])
        self._next = (chosen + 1) % bins
        return chosen


def longest_queue(waiting: Sequence[int]) -> int:
    """Return the bin in which most requests wait, the lowest of several."""
    return max(range(len(waiting)), key=lambda k: (waiting[k], -k))
