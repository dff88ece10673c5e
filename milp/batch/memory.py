"""Memory of a process and of what it started."""

from __future__ import annotations

import contextlib
import resource
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
        self._known = [pid]
        # Short jobs end before they could have children.
        self._due = time.monotonic() + FAMILY_INTERVAL

    def mib(self) -> float:
        """Return what is resident now, in MiB."""
        if time.monotonic() > self._due:
            self._due = time.monotonic() + FAMILY_INTERVAL
            with contextlib.suppress(psutil.Error):
                family = psutil.Process(self._known[0]).children(recursive=True)
                self._known[1:] = [child.pid for child in family]
        return sum(map(_resident, self._known)) / 2**20


def _resident(pid: int) -> int:
    """Return the bytes of a process that are resident; 0 if it is gone."""
    try:
        if psutil.LINUX:
            # The same file that psutil reads, in a tenth of the time.
            with open(f"/proc/{pid}/statm", "rb", buffering=0) as file:
                return int(file.read().split()[1]) * resource.getpagesize()
        resident: int = psutil.Process(pid).memory_info().rss
    except (OSError, psutil.Error):
        return 0
    return resident
