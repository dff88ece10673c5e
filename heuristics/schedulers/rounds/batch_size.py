"""A batch size that follows the recent P99 of latency over its target."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from typing import Literal

Feedback = Literal["latency", "service"]


@dataclass(frozen=True)
class BatchSizeRules:
    """When and how far the batch size moves.

    Attributes
    ----------
    floor, cap, first
        Least, largest and first batch size.
    shrink, grow
        Requests by which it moves.
    above, below
        It shrinks if P99 of latency over target is above the one, grows if it is under the other.
    window, every
        P99 is that of so many latest completions; it is looked at after every so many.
    feedback
        What P99 is of: ``latency``, completion − arrival, or ``service``, completion − first start. Smaller
        batches make rounds shorter, but a queue longer: once a queue makes latencies miss their target,
        latency shrinks batches, which makes the queue grow (docs/serving-rounds.md).
    """

    floor: int = 8
    cap: int = 64
    first: int = 32
    shrink: int = 4
    grow: int = 4
    above: Fraction = Fraction(6, 5)
    below: Fraction = Fraction(7, 10)
    window: int = 100
    every: int = 20
    feedback: Feedback = "latency"


FIXED = BatchSizeRules(floor=64, first=64)
"""A batch size that stays where it is, at 64."""


class BatchSize:
    """The batch size as it moves.

    P99 (nearest rank) of n ratios is above x iff fewer than ⌈0.99n⌉ of them are at most x, and below x iff at
    least so many are: two counts of whole numbers take the place of a sort.

    Attributes
    ----------
    now
        The batch size.
    """

    def __init__(self, rules: BatchSizeRules) -> None:
        self.rules = rules
        self.now = min(max(rules.first, rules.floor), rules.cap)
        self._recent: deque[tuple[bool, bool]] = deque()
        self._within = self._quick = 0
        self._since = 0

    def note(self, latency: int, target: int) -> None:
        """Take note of a completion, of a latency in ns that was to be `target`."""
        rules = self.rules
        row = (
            latency * rules.above.denominator <= target * rules.above.numerator,
            latency * rules.below.denominator < target * rules.below.numerator,
        )
        self._recent.append(row)
        self._within += row[0]
        self._quick += row[1]
        if len(self._recent) > rules.window:
            within, quick = self._recent.popleft()
            self._within -= within
            self._quick -= quick
        self._since += 1
        if self._since == rules.every:
            self._since = 0
            self._move()

    def _move(self) -> None:
        rank = ceil(Fraction(99 * len(self._recent), 100))
        if self._within < rank:
            self.now = max(self.now - self.rules.shrink, self.rules.floor)
        elif self._quick >= rank:
            self.now = min(self.now + self.rules.grow, self.rules.cap)
