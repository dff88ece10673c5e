"""What a machine model must tell of a problem to be bounded."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

from instances.exact import IntArray
from instances.serving import Arrivals
from milp.hindsight.problem import HindsightProblem

Ints = npt.NDArray[np.int64]


class Case(Protocol):
    """A problem of a machine model, prepared.

    Attributes
    ----------
    problem, arrivals, devices
        What it is about.
    """

    problem: HindsightProblem
    arrivals: Arrivals
    devices: int

    @property
    def alone(self) -> Ints:
        """Least time in ns between start and completion of each request: int64, shape (requests,)."""

    def work(self, prices: tuple[int, ...]) -> IntArray:
        """Return the device time that each request takes at least, in any schedule: units, shape (requests,).

        What the requests take together in a schedule is at least the sum.

        Parameters
        ----------
        prices
            The model's prices of memory; none always is possible.

        Raises
        ------
        ValueError
            If the prices are out of range.
        """

    def work_within(self, prices: tuple[int, ...], latency: Ints) -> IntArray:
        """Return the same for schedules in which each of them is within its promised latency.

        Parameters
        ----------
        prices
            As for `work`.
        latency
            int64, shape (requests,), in ns. Entries of requests that take longer alone mean nothing.
        """
