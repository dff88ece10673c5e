"""The priority scheduler: a weighted choice of classes, a boost for the starving, and preemption."""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np

from heuristics.schedulers.rounds.batch_size import BatchSize, BatchSizeRules
from heuristics.schedulers.rounds.device import Device
from heuristics.schedulers.rounds.memory import LookAhead, Memory
from heuristics.schedulers.rounds.requests import Requests
from instances.errors import InputError
from instances.serving.clock import NS_PER_S
from instances.serving.round_device import RoundDevice
from instances.serving.service_level import ServiceLevel

# Keeps the choices of a seed apart from the trace that is drawn with it.
_SPAWN_KEY = 2**22


SERVICE_LEVEL = ServiceLevel((10 * NS_PER_S, 20 * NS_PER_S, 60 * NS_PER_S))
"""What the classes are promised where nobody says otherwise."""


@dataclass(frozen=True)
class PriorityRules:
    """The numbers of the priority scheduler.

    Attributes
    ----------
    weights
        Chance of each class to be chosen, as parts of their sum over the classes that wait. Requests of
        further classes count as the last.
    boost_after
        ns since its arrival after which a waiting request comes before all others; None for never.
    preempted_below
        Requests of the last class with fewer generated tokens may be preempted; 0 for none.
    batch_size
        How the batch size follows the recent P99.
    """

    weights: tuple[int, ...] = (70, 20, 10)
    boost_after: int | None = 30 * NS_PER_S
    preempted_below: int = 50
    batch_size: BatchSizeRules = BatchSizeRules()

    def __post_init__(self) -> None:
        if not self.weights or min(self.weights) < 1:
            raise InputError("weights of at least 1", self.weights, field="weights")


class Priority:
    """Starts requests of classes drawn at random by weight, the oldest of each class first.

    - A class once drawn stays drawn until its oldest request starts, so that size
      is no reason to be passed over.
    - *Boost*: among requests that wait `boost_after` since their arrival, the oldest comes first, and it is
      never preempted.
    - *Preemption*: requests of class 0 that are left waiting start all the same, in the place of requests of
      the last class that have generated fewer than `preempted_below` tokens: those are taken out, the latest
      first, until there is a slot and memory. None is, if that does not help, twice, at the boundary at which
      it started, or while anybody waits who is boosted. Their state goes to the host: memory is free at once,
      and they go on later, on any device, with all they have generated. The transfer is not charged.
    - *Batch size*: see `BatchSize`; one for all devices. A device that runs more lets the surplus end.

    Parameters
    ----------
    requests
        All requests.
    device
        What the devices are like; the batch size is never above their largest.
    service_level
        The latency promised to each class: what P99 is measured by.
    seed
        Of the weighted choices.
    """

    def __init__(
        self,
        requests: Requests,
        device: RoundDevice,
        rules: PriorityRules = PriorityRules(),
        service_level: ServiceLevel = SERVICE_LEVEL,
        seed: int = 0,
    ) -> None:
        self.rules, self.batch_size = rules, BatchSize(rules.batch_size)
        self._requests, self._max_batch_size = requests, device.max_batch_size
        self._target: list[int] = service_level.of(requests.priority).tolist()
        # Of each class, those that wait: the oldest first, because requests are numbered by arrival.
        self._queues: list[list[int]] = [[] for _ in rules.weights]
        self._random = np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(_SPAWN_KEY,)))
        self._words: list[int] = []
        self._drawn: int | None = None
        self._safe: set[int] = set()
        self._first_start: dict[int, int] = {}
        self._waiting = 0

    @property
    def waiting(self) -> int:
        """Requests that wait."""
        return self._waiting

    def memory(self, budget: int) -> Memory:
        """Look ahead: nobody is put back for a lack of memory unless predictions are wrong."""
        return LookAhead(budget)

    def enqueue(self, request: int) -> None:
        """Put it into the queue of its class, by arrival."""
        heapq.heappush(self._queues[self._class_of(request)], request)
        self._waiting += 1

    def heeds(self, device: Device, request: int) -> bool:
        """Return true where there is a slot, and for class 0 everywhere: it may preempt."""
        preempts = self._class_of(request) == 0 and self.rules.preempted_below > 0
        return preempts or len(device.running) < self._limit()

    def completed(self, request: int, now: int) -> None:
        """Let the batch size follow."""
        since = self._first_start.pop(request)
        if self.rules.batch_size.feedback == "latency":
            since = self._requests.arrival[request]
        self.batch_size.note(now - since, self._target[request])

    def decide(self, device: Device) -> None:
        """Fill the slots, then preempt for requests of class 0 that are left waiting."""
        started: set[int] = set()
        while self._waiting and len(device.running) < self._limit():
            level, boosted = self._choose(device.now)
            head = self._queues[level][0]
            start = device.earliest(head)
            if start != device.clock:
                self._ask_again(device, start)
                break
            started.add(self._start(device, level))
            if boosted:
                self._safe.add(head)
            else:
                self._drawn = None
        if self.rules.preempted_below:
            self._preempt(device, started)

    def _limit(self) -> int:
        return min(self.batch_size.now, self._max_batch_size)

    def _class_of(self, request: int) -> int:
        return min(self._requests.priority[request], len(self.rules.weights) - 1)

    def _choose(self, now: int) -> tuple[int, bool]:
        """Return the class whose oldest request is next, and whether that is boosted."""
        oldest, level = min((queue[0], level) for level, queue in enumerate(self._queues) if queue)
        if self._is_boosted(oldest, now):
            return level, True
        if self._drawn is None or not self._queues[self._drawn]:
            self._drawn = self._draw()
        return self._drawn, False

    def _is_boosted(self, request: int, now: int) -> bool:
        after = self.rules.boost_after
        return after is not None and now - self._requests.arrival[request] >= after

    def _draw(self) -> int:
        """Draw one of the classes that wait."""
        if not self._words:
            self._words = self._random.random_raw(1024).tolist()
        weights = [
            weight if queue else 0 for weight, queue in zip(self.rules.weights, self._queues, strict=True)
        ]
        left = self._words.pop() * sum(weights) >> 64
        level = 0
        while left >= weights[level]:
            left -= weights[level]
            level += 1
        return level

    def _start(self, device: Device, level: int) -> int:
        """Start the oldest request of a class."""
        request = heapq.heappop(self._queues[level])
        self._waiting -= 1
        self._first_start.setdefault(request, device.now)
        device.start(request)
        return request

    def _ask_again(self, device: Device, start: int | None) -> None:
        """Decide again when memory suffices, or when the next boost brings somebody else to the front."""
        if start is not None:
            device.ask_after(start)
        after, arrival = self.rules.boost_after, self._requests.arrival
        if after is not None:
            boosts = [arrival[queue[0]] + after for queue in self._queues if queue]
            if later := [time for time in boosts if time > device.now]:
                device.ask_at(min(later))

    def _preempt(self, device: Device, started: set[int]) -> None:
        """Start requests of class 0 in the place of others, as long as nobody waits who is boosted."""
        urgent = self._queues[0]
        while urgent and not any(queue and self._is_boosted(queue[0], device.now) for queue in self._queues):
            victims = self._victims(device, urgent[0], started)
            if victims is None:
                return
            for victim in victims:
                device.preempt(victim)
                self._safe.add(victim)
                self.enqueue(victim)
            started.add(self._start(device, 0))

    def _victims(self, device: Device, request: int, started: set[int]) -> list[int] | None:
        """Return whom to preempt so that a request can start, None if that would not help."""
        last, memory, slots = len(self.rules.weights) - 1, device.memory.copy(), self._limit()
        slots -= len(device.running)
        victims: list[int] = []
        candidates = (
            other
            for other in reversed(device.running)
            if self._class_of(other) == last
            and other not in self._safe
            and other not in started
            and device.generated(other) < self.rules.preempted_below
        )
        while slots < 1 or device.earliest(request, memory) != device.clock:
            victim = next(candidates, None)
            if victim is None:
                return None
            memory.remove(victim)
            victims.append(victim)
            slots += 1
        return victims
