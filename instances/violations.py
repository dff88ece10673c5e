"""What is wrong with a plan."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

STRUCTURE = (
    "unknown request",
    "missing request",
    "duplicate request",
    "shape not allowed",
    "shape too small",
    "shapes differ within a batch",
    "streams differ within a batch",
    "batch too large",
    "batch tokens",
    "too many shapes",
)
"""Structural kinds, in the order in which they are reported; limits follow."""


@dataclass(frozen=True)
class Violation:
    """One rule that a plan breaks.

    Parameters
    ----------
    kind
        One of `STRUCTURE`, or the name of a limited metric, such as ``cost``, ``pad_ratio`` or ``p95``.
    where
        The request, batch or stream concerned.
    value, limit
        What was reached and what is allowed, where the rule is a number.
    """

    kind: str
    where: str
    value: Fraction | int | None = None
    limit: Fraction | int | None = None

    @property
    def is_structural(self) -> bool:
        """Whether the plan is no plan at all for this instance, so that its metrics mean nothing."""
        return self.kind in STRUCTURE

    def __str__(self) -> str:
        text = f"{self.kind}: {self.where}"
        if self.value is not None:
            text += f" has {_readable(self.value)}"
        if self.limit is not None:
            text += f", at most {_readable(self.limit)} allowed"
        return text


def _readable(value: Fraction | int) -> str:
    return str(value) if Fraction(value).denominator == 1 else f"{float(value):.9g}"
