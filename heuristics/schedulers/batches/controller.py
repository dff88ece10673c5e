"""b_SLA: the batch size under which recent latencies stay at their target."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import floor
from typing import Literal

from heuristics.schedulers.batches.recent import Recent
from instances.errors import InputError

Feedback = Literal["service", "latency"]


@dataclass(frozen=True)
class ControllerSettings:
    """Settings of the controller of Pang et al., arXiv 2503.05248, algorithm 2.

    Attributes
    ----------
    target, tolerance
        D and ε in ns: mean latencies within D ± ε are left alone.
    width, step
        α′ and δ in requests: least width of the interval, and how far its other end moves at a time.
    least
        B_min.
    feedback
        What τ̄ is the mean of: ``service``, the device time of a request's batch, which the batch size
        governs, or ``latency``, completion − arrival, which waiting in the queue is part of.
    """

    target: int
    tolerance: int
    width: int = 4
    step: int = 1
    least: int = 1
    feedback: Feedback = "service"

    def __post_init__(self) -> None:
        if self.target < 1 or self.tolerance < 0:
            raise InputError("a target of at least 1 ns and a tolerance of at least 0", str(self))
        if min(self.width, self.step, self.least) < 1:
            raise InputError("a width, a step and a least batch size of at least 1", str(self))


class Controller:
    """The interval [b_low, b_high], moved once per finished batch.

    Parameters
    ----------
    settings
        How it moves.
    most
        B_max.
    """

    def __init__(self, settings: ControllerSettings, most: int) -> None:
        self.settings, self.most = settings, most
        self.low, self.high = Fraction(settings.least), Fraction(most)

    @property
    def size(self) -> int:
        """⌊(b_low + b_high)/2⌋, kept from B_min to B_max, beyond which an end of the interval may be."""
        return min(max(floor((self.low + self.high) / 2), self.settings.least), self.most)

    def step(self, recent: Recent) -> None:
        """Move the interval; what stands on the right is the value of the step before."""
        own = self.settings
        least, most = Fraction(own.least), Fraction(self.most)
        size = recent.mean_size
        late = recent.mean_service if own.feedback == "service" else recent.mean_latency
        if late > own.target + own.tolerance:
            self.low, self.high = max(self.low - own.step, least), max(size, self.low + own.width)
        elif late < own.target - own.tolerance:
            self.low, self.high = min(size, self.high - own.width), min(self.high + own.step, most)
        else:
            half = own.width // 2
            self.low, self.high = max(size - half, least), min(size + half, most)
