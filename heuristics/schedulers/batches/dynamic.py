"""One queue, batches as large as memory and the service level allow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from heuristics.schedulers.batches.policy import Finished, Session
from heuristics.schedulers.batches.sizing import BinState, Sizing
from instances.serving.batch_device import BatchDevice

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Dynamic:
    """A free device takes up to min(b_mem, b_SLA) requests that wait.

    Attributes
    ----------
    sizing
        How the two are found.
    """

    sizing: Sizing = Sizing()

    def edges(self, predicted: Ints) -> tuple[int, ...]:
        """Return no edge: there is one bin."""
        return ()

    def session(self, device: BatchDevice, bins: int) -> Session:
        """Return the policy at its start."""
        return _Session(BinState(self.sizing, device))


class _Session:
    def __init__(self, state: BinState) -> None:
        self._state = state

    def choose(self, waiting: Sequence[int]) -> tuple[int, int]:
        return 0, self._state.target()

    def observe(self, finished: Finished) -> None:
        self._state.observe(finished)
