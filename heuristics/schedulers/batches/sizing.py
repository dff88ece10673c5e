"""The batch size that a bin aims at: what memory and the service level allow."""

from __future__ import annotations

from dataclasses import dataclass

from heuristics.schedulers.batches.controller import Controller, ControllerSettings
from heuristics.schedulers.batches.memory import MemoryRule
from heuristics.schedulers.batches.policy import Finished
from heuristics.schedulers.batches.recent import Recent
from instances.errors import InputError
from instances.serving.batch_device import BatchDevice

MOST_WINDOW = 10_000
"""Longest window of running means, in batches."""


@dataclass(frozen=True)
class Sizing:
    """How target = min(b_mem, b_SLA) is found.

    Attributes
    ----------
    memory
        Rule for b_mem.
    controller
        Settings for b_SLA; None where nothing was promised.
    window
        Finished batches of the bin that running means are over.
    """

    memory: MemoryRule = MemoryRule()
    controller: ControllerSettings | None = None
    window: int = 64

    def __post_init__(self) -> None:
        if not 1 <= self.window <= MOST_WINDOW:
            raise InputError(f"a window of 1 to {MOST_WINDOW} batches", self.window, field="window")


class BinState:
    """Statistics and controller of one bin.

    Parameters
    ----------
    sizing
        How targets are found.
    device
        The device that batches run on.
    """

    def __init__(self, sizing: Sizing, device: BatchDevice) -> None:
        self._memory, self._device = sizing.memory, device
        self._recent = Recent(sizing.window)
        most = device.max_batch_size
        self._controller = (
            None if sizing.controller is None else Controller(sizing.controller, most, sizing.window)
        )

    def observe(self, finished: Finished) -> None:
        """Learn from a batch of this bin."""
        self._recent.add(finished)
        if self._controller is not None:
            self._controller.step(self._recent)

    def target(self) -> int:
        """Return the most requests of the next batch."""
        size = self._memory.size(self._recent, self._device.kv_tokens, self._device.max_batch_size)
        return size if self._controller is None else min(size, self._controller.size)
