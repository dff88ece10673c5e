"""The best schedule that an exact method found."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from instances.serving import BatchSchedule


@dataclass(frozen=True)
class ExactOutcome:
    """What an exact method found.

    Attributes
    ----------
    schedule
        The best schedule found; None without one.
    value
        What it has of the objective, as the method counts: ns, or a number of violations.
    optimal
        Whether the method says that there is none better.
    """

    schedule: BatchSchedule | None
    value: Fraction | None
    optimal: bool
