"""What a running simulation tells."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter

INTERVAL = 0.2
"""Least time between two reports, in seconds."""


@dataclass(frozen=True)
class SimulationProgress:
    """State of a simulation at one moment.

    Attributes
    ----------
    seconds
        Since it began, on the wall's clock.
    served, requests
        Requests that a device has taken, of all.
    now
        The simulation's own time, in ns.
    """

    seconds: float
    served: int
    requests: int
    now: int


ProgressCallback = Callable[[SimulationProgress], None]


class Reporter:
    """Calls back now and then, and at no cost to speak of in between.

    Parameters
    ----------
    callback
        Whom to tell; None for nobody.
    requests
        Requests of the simulation.
    """

    def __init__(self, callback: ProgressCallback | None, requests: int) -> None:
        self.callback, self.requests = callback, requests
        self.start = perf_counter()
        self.due = INTERVAL

    def tell(self, served: int, now: int) -> None:
        """Report if somebody listens and the last report is long enough ago."""
        if self.callback is None:
            return
        seconds = perf_counter() - self.start
        if seconds >= self.due:
            self.due = seconds + INTERVAL
            self.callback(SimulationProgress(seconds, served, self.requests, now))
