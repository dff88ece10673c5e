"""Telling how far a search in rounds is."""

from __future__ import annotations

import time
from fractions import Fraction

from milp.progress import Progress, ProgressCallback


class Told:
    """Whoever is told, and the time since the start.

    Parameters
    ----------
    progress
        Called with each state; None for nobody.
    """

    def __init__(self, progress: ProgressCallback | None) -> None:
        self._progress, self._begin = progress, time.monotonic()

    def tell(self, phase: str, incumbent: int, lower_bound: int) -> None:
        """Tell the total latency of the best schedule, and the bound, in rounds."""
        if self._progress is not None:
            seconds = time.monotonic() - self._begin
            self._progress(Progress(seconds, phase, Fraction(incumbent), Fraction(lower_bound)))
