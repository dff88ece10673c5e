"""One order of all requests, and a stop at the first that does not fit: FCFS, shortest first, MC-SF."""

from __future__ import annotations

import heapq
from collections.abc import Callable

from heuristics.schedulers.rounds.device import Device
from heuristics.schedulers.rounds.memory import HeldNow, LookAhead, Memory, Reserved
from heuristics.schedulers.rounds.requests import Requests
from instances.serving.round_device import RoundDevice


class InOrder:
    """Starts waiting requests in an order as long as they fit.

    The others wait behind the first that does not fit, even if they would: nobody is overtaken for good.

    Parameters
    ----------
    requests
        All requests.
    device
        What the devices are like; `max_batch_size` may be lowered afterwards.
    memory
        How a device reckons with its memory.
    key
        What requests are ordered by, lowest first; equal ones by arrival.
    """

    def __init__(
        self,
        requests: Requests,
        device: RoundDevice,
        memory: Callable[[int], Memory],
        key: Callable[[int], int] = lambda request: 0,
    ) -> None:
        self.max_batch_size, self.memory, self._key = device.max_batch_size, memory, key
        self._queue: list[tuple[int, int]] = []

    @property
    def waiting(self) -> int:
        """Requests that wait."""
        return len(self._queue)

    def enqueue(self, request: int) -> None:
        """Put it where it belongs in the order; who arrived earlier is never behind for being put back."""
        heapq.heappush(self._queue, (self._key(request), request))

    def heeds(self, device: Device, request: int) -> bool:
        """Only a new head of the queue may start where the old one could not."""
        return len(device.running) < self.max_batch_size and self._queue[0][1] == request

    def completed(self, request: int, now: int) -> None:
        """Nothing is learnt from it."""

    def decide(self, device: Device) -> None:
        """Start heads of the queue until one does not fit; ask again when it is going to."""
        while self._queue and len(device.running) < self.max_batch_size:
            head = self._queue[0][1]
            start = device.earliest(head)
            if start != device.clock:
                if start is not None:
                    device.ask_after(start)
                break
            heapq.heappop(self._queue)
            device.start(head)


def fcfs(requests: Requests, device: RoundDevice) -> InOrder:
    """First come, first served, looking ahead at memory."""
    return InOrder(requests, device, LookAhead)


def fcfs_held_now(requests: Requests, device: RoundDevice) -> InOrder:
    """First come, first served, as vLLM does it: the latest are put back once memory is full."""
    return InOrder(requests, device, HeldNow)


def shortest_first(requests: Requests, device: RoundDevice) -> InOrder:
    """Shortest predicted gen first, memory reserved for full lengths."""
    return InOrder(requests, device, Reserved, requests.believed.__getitem__)


def mc_sf(requests: Requests, device: RoundDevice) -> InOrder:
    """MC-SF: shortest predicted gen first, looking ahead at memory (arXiv 2502.07115, Algorithm 1)."""
    return InOrder(requests, device, LookAhead, requests.believed.__getitem__)


def smallest_volume(requests: Requests, device: RoundDevice) -> InOrder:
    """Smallest predicted volume first, looking ahead at memory.

    The volume Σ_k (prompt + k), k = 1 … gen, is what a request takes of the memory over all its rounds, and
    memory is what requests compete for: "shortest processing time first" where the processor is the memory.
    """

    def volume(request: int) -> int:
        prompt, gen = requests.prompt[request], requests.believed[request]
        return prompt * gen + gen * (gen + 1) // 2

    return InOrder(requests, device, LookAhead, volume)
