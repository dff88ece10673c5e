"""One queue, batches of a fixed size: what a server without any adaptation does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from heuristics.schedulers.batches.policy import Finished, Session
from instances.errors import InputError
from instances.serving.batch_device import BatchDevice

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class StaticFifo:
    """A free device takes up to `size` requests that wait; it does not wait for a full batch.

    Attributes
    ----------
    size
        Requests of a full batch.
    """

    size: int = 8

    def __post_init__(self) -> None:
        if self.size < 1:
            raise InputError("a batch size of at least 1", self.size, field="batch size")

    def edges(self, predicted: Ints) -> tuple[int, ...]:
        """Return no edge: there is one bin."""
        return ()

    def session(self, device: BatchDevice, bins: int) -> Session:
        """Return the policy at its start."""
        return _Session(self.size)


class _Session:
    def __init__(self, size: int) -> None:
        self._size = size

    def choose(self, waiting: Sequence[int]) -> tuple[int, int]:
        return 0, self._size

    def observe(self, finished: Finished) -> None:
        """Learn nothing."""
