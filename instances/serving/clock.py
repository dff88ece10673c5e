"""Time in whole nanoseconds: what devices, schedules and bounds count in."""

from __future__ import annotations

from fractions import Fraction
from math import ceil

NS_PER_MS = 10**6
NS_PER_S = 10**9


def nanoseconds(milliseconds: Fraction) -> int:
    """Return a duration in ms as whole nanoseconds, rounded up: a device is never faster than its model."""
    return ceil(milliseconds * NS_PER_MS)


def milliseconds(ns: int | Fraction) -> Fraction:
    """Return nanoseconds as exact milliseconds."""
    return Fraction(ns) / NS_PER_MS
