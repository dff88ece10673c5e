"""Static batching: a batch runs until all of its requests are done, and only then comes the next."""

from __future__ import annotations

import heapq

from heuristics.schedulers.rounds.device import Device
from heuristics.schedulers.rounds.in_order import InOrder
from heuristics.schedulers.rounds.memory import LookAhead
from heuristics.schedulers.rounds.requests import Requests
from instances.errors import InputError
from instances.serving.round_device import RoundDevice


class StaticBatching(InOrder):
    """An empty device takes what waits, in order of arrival, up to a number of requests; nobody joins later.

    It does not wait for a batch to fill. A request that is done leaves at once, and rounds get shorter as a
    batch empties: engines that pad a batch until its last request is done are slower than this.

    Parameters
    ----------
    requests
        All requests.
    device
        What the devices are like.
    batch_size
        Most requests of a batch, at least 1.
    """

    def __init__(self, requests: Requests, device: RoundDevice, batch_size: int = 8) -> None:
        if batch_size < 1:
            raise InputError("a batch size of at least 1", batch_size, field="batch size")
        super().__init__(requests, device, LookAhead)
        self.max_batch_size = min(batch_size, device.max_batch_size)

    def heeds(self, device: Device, request: int) -> bool:
        """Nobody joins a batch that runs."""
        return False

    def decide(self, device: Device) -> None:
        """Form a batch if the device is empty, of what can start now."""
        if device.running:
            return
        while self._queue and len(device.running) < self.max_batch_size:
            if device.earliest(self._queue[0][1]) != device.clock:
                break
            device.start(heapq.heappop(self._queue)[1])
