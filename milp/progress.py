"""What a running search tells."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True)
class Progress:
    """State of a search at one moment.

    Parameters
    ----------
    seconds
        Since the start.
    phase
        ``heuristic``, ``root``, ``engine``, ``tree`` or ``verification``.
    incumbent
        Cost of the best plan so far, in cost units; None without one.
    lower_bound
        Best exact lower bound so far, in cost units; None before the first.
    """

    seconds: float
    phase: str
    incumbent: Fraction | None
    lower_bound: Fraction | None


ProgressCallback = Callable[[Progress], None]
