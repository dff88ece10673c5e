"""b_SLA: the batch size under which recent latencies stay at their target."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import lcm
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

    Its ends are counted in 1/unit of a request: unit is a multiple of every number of batches that a mean may
    be over, so that all ends are whole, and cheaper to add and compare than fractions.

    Parameters
    ----------
    settings
        How it moves.
    most
        B_max.
    window
        Most batches that running means are over.

    Attributes
    ----------
    size
        b = ⌊(b_low + b_high)/2⌋, kept from B_min to B_max: an end of the interval may lie beyond them.
    """

    def __init__(self, settings: ControllerSettings, most: int, window: int) -> None:
        self.settings, self.most = settings, most
        self.unit = lcm(*range(1, window + 1))
        self._low, self._high = settings.least * self.unit, most * self.unit
        self.size = self._middle()

    @property
    def interval(self) -> tuple[Fraction, Fraction]:
        """b_low and b_high in requests."""
        return Fraction(self._low, self.unit), Fraction(self._high, self.unit)

    def step(self, recent: Recent) -> None:
        """Move the interval; what stands on the right is the value of the step before."""
        own, unit = self.settings, self.unit
        low, high = self._low, self._high
        least, most, step, width = own.least * unit, self.most * unit, own.step * unit, own.width * unit
        mean_size = recent.requests * (unit // recent.batches)
        # τ̄ is this sum over the number of requests.
        total = recent.service if own.feedback == "service" else recent.latency
        if total > (own.target + own.tolerance) * recent.requests:
            self._low, self._high = max(low - step, least), max(mean_size, low + width)
        elif total < (own.target - own.tolerance) * recent.requests:
            self._low, self._high = min(mean_size, high - width), min(high + step, most)
        else:
            half = own.width // 2 * unit
            self._low, self._high = max(mean_size - half, least), min(mean_size + half, most)
        self.size = self._middle()

    def _middle(self) -> int:
        middle = (self._low + self._high) // (2 * self.unit)
        return min(max(middle, self.settings.least), self.most)
