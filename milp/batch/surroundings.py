"""What a result was computed with and on."""

from __future__ import annotations

import contextlib
import os
import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import psutil

PACKAGES = ("batchproof", "ortools", "highspy", "numpy", "pulp")

SPARE = 0.8
"""Part of the memory that all jobs together may take, if nothing is said."""


@cache
def versions() -> dict[str, str]:
    """Return the versions of batchproof, Python and what decides results."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


@cache
def machine() -> dict[str, Any]:
    """Return what the machine is."""
    return {
        "host": platform.node(),
        "platform": platform.platform(),
        "processor": platform.machine(),
        "cores": cores(),
        "memory_mib": round(memory_mib()),
    }


def cores() -> int:
    """Return the number of cores that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        # Not every system ties processes to cores.
        return os.cpu_count() or 1


def memory_mib() -> float:
    """Return the memory that this process may use, in MiB: the machine's, or its control group's."""
    most: float = psutil.virtual_memory().total
    # There may be no control group, or no limit on it.
    with contextlib.suppress(OSError, ValueError):
        most = min(most, int(Path("/sys/fs/cgroup/memory.max").read_text()))
    return most / 2**20


def memory_share(jobs: int) -> float:
    """Return the memory that each of so many jobs may take, in MiB."""
    return SPARE * memory_mib() / jobs
