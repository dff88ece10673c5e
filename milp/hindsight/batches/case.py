"""A problem of model A, prepared: distinct lengths, and what batches of each size take."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import numpy.typing as npt

from instances.errors import InputError
from instances.exact import IntArray
from instances.serving import Arrivals, BatchDevice
from milp.hindsight.batches.shares import shares
from milp.hindsight.problem import HindsightProblem

Ints = npt.NDArray[np.int64]

LONGEST = 2**50
"""Longest batch in ns that is understood, some 13 days: sums over a whole trace stay exact in int64."""


class BatchCase:
    """Tables of a problem of model A, each computed when it is first asked for.

    Parameters
    ----------
    problem
        The problem; its device is a `BatchDevice`.

    Raises
    ------
    InputError
        If a request needs more memory than a device has, or batches take longer than `LONGEST`.
    """

    def __init__(self, problem: HindsightProblem) -> None:
        if not isinstance(problem.device, BatchDevice):
            raise InputError("a device that runs batches", type(problem.device).__name__)
        self.problem = problem
        self.device: BatchDevice = problem.device
        self.arrivals: Arrivals = problem.arrivals
        self.devices = problem.devices
        self.shares: dict[tuple[int, ...], IntArray] = {}
        """Tables of shares for all batches, by prices of memory."""
        over = int((self.arrivals.tokens > self.device.kv_tokens).sum())
        if over:
            raise InputError(
                f"requests of at most {self.device.kv_tokens} tokens, as a device holds",
                f"{over} longer ones",
            )
        if self.device.duration(self.most, int(self.lengths[-1])) > LONGEST:
            raise InputError(f"batches of at most {LONGEST} ns", "longer ones")

    @cached_property
    def _distinct(self) -> tuple[Ints, Ints]:
        lengths, row = np.unique(self.arrivals.tokens, return_inverse=True)
        return lengths, row

    @property
    def lengths(self) -> Ints:
        """Distinct total lengths L, ascending: int64, shape (lengths,)."""
        return self._distinct[0]

    @property
    def row(self) -> Ints:
        """Index of each request's length in `lengths`: int64, shape (requests,)."""
        return self._distinct[1]

    @cached_property
    def _tokens_of_shortest(self) -> Ints:
        """Tokens of the b shortest requests, b = 0, 1, …: int64, shape (cap + 1,)."""
        shortest = np.sort(self.arrivals.tokens)[: self.device.max_batch_size]
        return np.concatenate(([0], np.cumsum(shortest)))

    @cached_property
    def most(self) -> int:
        """Most requests of any batch, by cap and memory."""
        return int(np.searchsorted(self._tokens_of_shortest, self.device.kv_tokens, "right")) - 1

    @cached_property
    def largest(self) -> Ints:
        """Most requests of a batch with a request of each length: int64, shape (lengths,).

        Its companions take at least as much memory as the shortest requests of the trace.
        """
        room = self.device.kv_tokens - self.lengths
        return np.searchsorted(self._tokens_of_shortest[: self.most], room, "right").astype(np.int64)

    @cached_property
    def durations(self) -> Ints:
        """T(b, L) in ns of batches of b = 1 … most: int64, shape (lengths, most)."""
        columns = [self.device.durations(size, self.lengths) for size in range(1, self.most + 1)]
        return np.ascontiguousarray(np.stack(columns, axis=1))

    @cached_property
    def alone(self) -> Ints:
        """T(1, L) in ns, the least time that each request runs: int64, shape (requests,)."""
        taken: Ints = self.durations[self.row, 0]
        return taken

    def work(self, prices: tuple[int, ...]) -> IntArray:
        """Return the share of each request, as `shares` says: units, shape (requests,)."""
        taken: IntArray = shares(self, prices)[self.row]
        return taken

    def work_within(self, prices: tuple[int, ...], latency: Ints) -> IntArray:
        """Return the share of each request in batches whose members are all within their latencies.

        That is the least entry for its length of the tables for all promised latencies up to its own.
        """
        work = np.zeros(len(latency), dtype=object)
        least: list[int | None] = [None] * len(self.lengths)
        for promised in np.unique(latency).tolist():
            for row, value in enumerate(shares(self, prices, within=promised).tolist()):
                known = least[row]
                least[row] = value if known is None else min(known, value)
            own = np.flatnonzero((self.alone <= latency) & (latency == promised))
            work[own] = [least[row] for row in self.row[own].tolist()]
        return work
