"""Discrete-event simulation of model A: identical devices that run batches to completion.

Events at the same ns happen in this order: batches finish (the policy learns of lower devices first),
requests arrive, free devices take batches (lower devices first). Between events nothing changes, so the clock
jumps from one to the next; arrivals are not events of their own while every device is busy.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from heuristics.schedulers.batches.policy import BatchPolicy, Finished
from heuristics.schedulers.batches.queues import BinQueue
from heuristics.schedulers.progress import ProgressCallback, Reporter
from instances.errors import InputError
from instances.serving.arrivals import Arrivals
from instances.serving.batch_device import BatchDevice
from instances.serving.batch_schedule import BatchSchedule
from instances.serving.round_device import RoundDevice

Ints = npt.NDArray[np.int64]


def simulate(
    arrivals: Arrivals,
    device: BatchDevice,
    devices: int,
    policy: BatchPolicy,
    predicted: Ints | None = None,
    *,
    progress: ProgressCallback | None = None,
) -> BatchSchedule:
    """Return what a policy does with a trace.

    The policy chooses a queue and a batch size; the batch is the longest prefix of that queue within it,
    within the device's largest batch and within η, counted with the true lengths: that is what the batch will
    hold when it completes. Requests that do not fit stay at the front of their queue.

    Parameters
    ----------
    arrivals
        The requests.
    device, devices
        What the devices are like, and how many there are.
    policy
        Which queue a free device serves, and with how many requests.
    predicted
        int64, shape (requests,): predicted gen lengths; None means the true ones.
    progress
        Told now and then.

    Raises
    ------
    InputError
        If there is no device, or requests have more tokens than a device holds; see `without_oversized`.
    """
    if devices < 1:
        raise InputError("at least 1 device", devices, field="devices")
    oversized = int((arrivals.tokens > device.kv_tokens).sum())
    if oversized:
        found = f"{oversized:,} of {len(arrivals):,} with more, up to {int(arrivals.tokens.max()):,}"
        raise InputError(f"requests of at most {device.kv_tokens:,} tokens, the memory of a device", found)
    known = arrivals.gen if predicted is None else predicted
    edges = policy.edges(known)
    bins = np.searchsorted(np.asarray(edges, dtype=np.int64), known, side="right").astype(np.int64)
    run = _Run(arrivals, device, devices, policy, bins, len(edges) + 1)
    run.to_the_end(Reporter(progress, len(arrivals)))
    return run.schedule(bins)


def without_oversized(arrivals: Arrivals, device: BatchDevice | RoundDevice) -> tuple[Arrivals, int]:
    """Return the requests that fit into a device, and how many were dropped.

    Raises
    ------
    InputError
        If none fits.
    """
    fits = arrivals.tokens <= device.kv_tokens
    if fits.all():
        return arrivals, 0
    columns = (arrivals.arrival, arrivals.prompt, arrivals.gen, arrivals.priority)
    return Arrivals.of(*(column[fits] for column in columns)), int((~fits).sum())


@dataclass
class _Batches:
    """Batches in order of their start."""

    device: list[int] = field(default_factory=list)
    bin: list[int] = field(default_factory=list)
    size: list[int] = field(default_factory=list)
    start: list[int] = field(default_factory=list)
    finish: list[int] = field(default_factory=list)


class _Run:
    """State of one simulation."""

    def __init__(
        self,
        arrivals: Arrivals,
        device: BatchDevice,
        devices: int,
        policy: BatchPolicy,
        bins: Ints,
        number_of_bins: int,
    ) -> None:
        self.arrivals, self.device = arrivals, device
        self.queues = [BinQueue(arrivals, np.flatnonzero(bins == k)) for k in range(number_of_bins)]
        self.session = policy.session(device, number_of_bins)
        self.idle = list(range(devices))
        self.busy: list[tuple[int, int, Finished]] = []
        self.batches = _Batches()
        self.lines: dict[int, tuple[int, int, int]] = {}
        self.served = 0

    def to_the_end(self, reporter: Reporter) -> None:
        """Serve every request."""
        now, requests = 0, len(self.arrivals)
        while self.served < requests:
            if not self.idle:
                now = self.busy[0][0]
            waiting = self._waiting(now)
            if not any(waiting):
                # All that has arrived is served, so the next to arrive is the next of the trace.
                now = int(self.arrivals.arrival[self.served])
                waiting = self._waiting(now)
            self._finish(now)
            while self.idle and any(waiting):
                waiting = self._dispatch(now, waiting)
            reporter.tell(self.served, now)

    def _waiting(self, now: int) -> list[int]:
        return [queue.waiting(now) for queue in self.queues]

    def _finish(self, now: int) -> None:
        """Free the devices whose batch is over, in order of finish, lower devices first."""
        while self.busy and self.busy[0][0] <= now:
            _, number, finished = heapq.heappop(self.busy)
            heapq.heappush(self.idle, number)
            self.session.observe(finished)

    def _dispatch(self, now: int, waiting: Sequence[int]) -> list[int]:
        """Start a batch on the lowest idle device, and return what waits then."""
        chosen, target = self.session.choose(waiting)
        queue = self.queues[chosen]
        most = min(max(target, 1), self.device.max_batch_size, waiting[chosen])
        taken = queue.take(most, self.device.kv_tokens)
        tokens = queue.tokens[taken.start : taken.stop]
        size = len(tokens)
        service = self._duration(size, max(tokens))
        finish = now + service
        latency = size * finish - sum(queue.arrival[taken.start : taken.stop])
        number = heapq.heappop(self.idle)
        seen = Finished(chosen, size, sum(tokens), sum(t * t for t in tokens), service, latency)
        heapq.heappush(self.busy, (finish, number, seen))
        self.served += size
        self._record(number, chosen, size, now, finish)
        return [count - size * (k == chosen) for k, count in enumerate(waiting)]

    def _duration(self, size: int, longest: int) -> int:
        """Return what `BatchDevice.duration` does, without doing rational arithmetic for every batch."""
        if size not in self.lines:
            self.lines[size] = self.device.line(size)
        slope, start, bottom = self.lines[size]
        return -(-(slope * longest + start) // bottom)

    def _record(self, number: int, chosen: int, size: int, start: int, finish: int) -> None:
        made = self.batches
        made.device.append(number)
        made.bin.append(chosen)
        made.size.append(size)
        made.start.append(start)
        made.finish.append(finish)

    def schedule(self, bins: Ints) -> BatchSchedule:
        """Return the batches; those of a bin were cut from its queue one after another."""
        made = self.batches
        bin_of, size = np.asarray(made.bin, dtype=np.int64), np.asarray(made.size, dtype=np.int64)
        batch = np.full(len(self.arrivals), -1, dtype=np.int64)
        for k, queue in enumerate(self.queues):
            own = np.flatnonzero(bin_of == k)
            batch[queue.members] = np.repeat(own, size[own])
        columns = (made.device, made.start, made.finish)
        return BatchSchedule(batch, bins, *(np.asarray(column, dtype=np.int64) for column in columns))
