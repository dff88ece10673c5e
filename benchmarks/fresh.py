"""Run a command in a fresh process, watched: what it took, and whether it had to be stopped."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

POLL = 0.1
"""Seconds between two looks at a process."""

PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Finished:
    """How a process ended.

    Parameters
    ----------
    code
        Its exit code; negative if a signal ended it.
    stopped
        ``time`` or ``memory`` if it was stopped for that; None if it ended by itself.
    seconds, cpu_seconds
        Wall time, and processor time of it and of what it started and waited for.
    peak_mib
        Largest resident memory of it and of what it started, in MiB.
    out, err
        What it printed.
    """

    code: int
    stopped: str | None
    seconds: float
    cpu_seconds: float
    peak_mib: float
    out: str
    err: str


def run_fresh(command: Sequence[str], *, seconds: float, memory_mib: float) -> Finished:
    """Run a command in a process group of its own, and kill the group if it takes too long or too much.

    Memory is what is resident, looked at again and again: a limit on addresses would count what threads
    reserve and never touch, and solvers die of it in many ways.

    Parameters
    ----------
    command
        Program and arguments.
    seconds
        Wall time after which it is killed.
    memory_mib
        Resident memory of the whole group over which it is killed, in MiB.
    """
    stopped, most = None, 0.0
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        start = time.monotonic()
        process = None
        try:
            with _signals_wait():
                process = subprocess.Popen(command, stdout=out, stderr=err, start_new_session=True)
            while True:
                ended, status, usage = os.wait4(process.pid, os.WNOHANG)
                if ended:
                    break
                most = max(most, _resident_mib(process.pid))
                late = time.monotonic() - start > seconds
                if stopped is None and (late or most > memory_mib):
                    stopped = "time" if late else "memory"
                    _kill(process.pid)
                time.sleep(POLL)
        except BaseException:
            if process is not None:
                _kill(process.pid)
                process.wait()
            raise
        # What it started dies with it.
        _kill(process.pid)
        process.returncode = os.waitstatus_to_exitcode(status)
        took = time.monotonic() - start
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read().decode(errors="replace"))
    return Finished(
        process.returncode,
        stopped,
        took,
        usage.ru_utime + usage.ru_stime,
        max(most, usage.ru_maxrss / 1024),
        *texts,
    )


def leave_nothing_behind() -> None:
    """Let SIGTERM raise SystemExit, so that what runs in a group of its own is killed as on Ctrl-C."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


@contextlib.contextmanager
def _signals_wait() -> Iterator[None]:
    """Take SIGTERM and SIGINT at the end only: a process that is half started would be known to nobody."""
    came: list[int] = []
    numbers = (signal.SIGTERM, signal.SIGINT)
    kept = {number: signal.signal(number, lambda came_now, _: came.append(came_now)) for number in numbers}
    try:
        yield
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)
        for number in came:
            signal.raise_signal(number)


def _kill(group: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def _resident_mib(pid: int) -> float:
    return sum(map(_pages, _family(pid))) * PAGE / 2**20


def _family(pid: int) -> Iterator[int]:
    yield pid
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in task.read_text().split():
                yield from _family(int(child))


def _pages(pid: int) -> int:
    with contextlib.suppress(OSError, IndexError):
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return 0
