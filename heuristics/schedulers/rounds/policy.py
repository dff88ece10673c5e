"""What a policy of model B is, and what it is asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from heuristics.schedulers.rounds.device import Device
from heuristics.schedulers.rounds.memory import Memory
from heuristics.schedulers.rounds.requests import Requests
from instances.serving.round_device import RoundDevice


class Session(Protocol):
    """A policy at work in one simulation: keeps the queue that all devices share, and decides who runs.

    A device asks it between two rounds: whenever a request is done or was put back, when the policy said so
    (`Device.ask_after`, `Device.ask_at`), and after an arrival that `heeds` says matters. An idle device asks
    at once. Policies see what is believed of a request, never its true gen.
    """

    @property
    def waiting(self) -> int:
        """Requests that wait."""

    def memory(self, budget: int) -> Memory:
        """Return how a device reckons with its memory of `budget` tokens."""

    def enqueue(self, request: int) -> None:
        """Take in a request that arrives, or that a device put back because its memory was full."""

    def heeds(self, device: Device, request: int) -> bool:
        """Return whether a request that has just arrived may change what a running device does."""

    def completed(self, request: int, now: int) -> None:
        """Take note that a request is done."""

    def decide(self, device: Device) -> None:
        """Start, and perhaps preempt, requests on a device; on an idle one at least one if any waits."""


RoundPolicy = Callable[[Requests, RoundDevice], Session]
"""A policy: its settings, from which a session over some requests, on such devices, is made."""
