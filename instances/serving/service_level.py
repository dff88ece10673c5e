"""How late a request may be: the latency that is promised to each priority class."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from instances.errors import InputError
from instances.serving.arrivals import Arrivals

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class ServiceLevel:
    """A request violates it iff completion − arrival > latency of its class.

    Attributes
    ----------
    latency
        ns, one per priority class, each at least 1; classes beyond the last have the last one.

    Raises
    ------
    InputError
        If there is no latency, or one is less than 1 ns or does not fit int64.
    """

    latency: tuple[int, ...]

    def __post_init__(self) -> None:
        if not self.latency or min(self.latency) < 1 or max(self.latency) >= 2**62:
            raise InputError("latencies from 1 ns to 2^62 ns, at least one", str(self.latency), field="sla")

    def of(self, priority: npt.ArrayLike) -> Ints:
        """Return the latency in ns that each class is promised: int64, shape of `priority`."""
        classes = np.minimum(np.asarray(priority, dtype=np.int64), len(self.latency) - 1)
        return np.asarray(self.latency, dtype=np.int64)[classes]

    def deadlines(self, arrivals: Arrivals) -> Ints:
        """Return the last ns at which each request may complete: int64, shape (requests,)."""
        return arrivals.arrival + self.of(arrivals.priority)

    def violations(self, arrivals: Arrivals, completion: Ints) -> npt.NDArray[np.bool_]:
        """Return which requests violate it: bool, shape (requests,)."""
        return completion > self.deadlines(arrivals)
