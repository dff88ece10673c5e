"""Memory of a process and of what it started."""

from __future__ import annotations

import contextlib
import time

import psutil

FAMILY_INTERVAL = 2.0
"""Seconds between two looks for new children: that costs a look at every process of the machine."""


class MemoryWatch:
    """Resident memory of a process and its descendants.

    What is resident is counted, not addresses: threads reserve more than they ever touch, and solvers die in
    many ways of a limit on that.

    Parameters
    ----------
    pid
        The process.
    """

    def __init__(self, pid: int) -> None:
        self._known: list[psutil.Process] = []
        # Short jobs end before they could have children.
        self._due = time.monotonic() + FAMILY_INTERVAL
        with contextlib.suppress(psutil.Error):
            self._known = [psutil.Process(pid)]

    def mib(self) -> float:
        """Return what is resident now, in MiB."""
        if self._known and time.monotonic() > self._due:
            self._due = time.monotonic() + FAMILY_INTERVAL
            with contextlib.suppress(psutil.Error):
                self._known = [self._known[0], *self._known[0].children(recursive=True)]
        return sum(map(_resident, self._known)) / 2**20


def _resident(process: psutil.Process) -> int:
    try:
        resident: int = process.memory_info().rss
    except psutil.Error:
        return 0
    return resident
