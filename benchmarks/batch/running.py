"""`batchproof batch` as its users start it: a process, in a group of its own."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Ran:
    """How a run ended: exit code, what it printed, wall seconds, CPU seconds of it and its processes."""

    code: int
    summary: dict[str, Any]
    err: str
    seconds: float
    cpu_seconds: float


def start(folder: Path, store: Path, *words: str) -> subprocess.Popen[str]:
    """Start a run."""
    command = [sys.executable, "-m", "milp", "batch", str(folder), "--out", str(store), "--json", *words]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


def finish(folder: Path, store: Path, *words: str, seconds: float = 3600) -> Ran:
    """Start a run and wait for its end."""
    begin, before = time.monotonic(), _cpu_seconds()
    process = start(folder, store, *words)
    try:
        out, err = process.communicate(timeout=seconds)
    except BaseException:
        kill(process)
        raise
    if "Traceback" in err:
        raise AssertionError(err)
    took = time.monotonic() - begin
    return Ran(process.returncode, json.loads(out), err, took, _cpu_seconds() - before)


def kill(process: subprocess.Popen[str]) -> None:
    """Kill a run with its whole process group, without a chance to tidy up."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def _cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def words_of(options: dict[str, Any]) -> Sequence[str]:
    """Return options as words of a command line."""
    return [word for name, value in options.items() for word in (f"--{name}", str(value))]
