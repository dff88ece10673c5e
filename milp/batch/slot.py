"""A slot: runs one task at a time in a process of its own, watches it, and stops it at its limits."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import Pipe
from typing import Any

from milp.batch.job import JobLimits
from milp.batch.memory import MemoryWatch
from milp.batch.messages import Done, Failed, Forked, Ready, Request, Value
from milp.results.record import Outcome

POLL = 0.05
"""Seconds between two looks at a task."""

STARTING = 120.0
"""Seconds that a server may take to start, on a machine that has much else to do."""

LOG_KEPT = 2000
"""Bytes kept of what a task printed."""

ONE_THREAD = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    # pyarrow, which pandas imports where it is installed, starts a thread for its memory otherwise.
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
    "ARROW_DEFAULT_MEMORY_POOL": "system",
}
"""Environment in which importing starts no threads: a process with threads must not fork."""

_START = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from milp.batch.server import main; "
    "main(int(sys.argv[2]), sys.argv[3] or None)"
)


@dataclass(frozen=True)
class Ended:
    """How a task ended.

    Parameters
    ----------
    outcome, error
        How, and why if it did not finish.
    value
        What it returned; None if it did not finish.
    log
        What it printed last, if it failed.
    wall_s, cpu_s, peak_mib
        Wall and processor time in seconds, largest resident memory seen in MiB; None where unknown.
    """

    outcome: Outcome
    error: str | None = None
    value: Any = None
    log: str = ""
    wall_s: float = 0.0
    cpu_s: float | None = None
    peak_mib: float | None = None


class Stopped(Exception):
    """The slot was told to stop."""


class _Over(Exception):
    """The task is over a limit: outcome and one line."""


class Slot:
    """Runs tasks, one at a time; its process is started when it is first needed, and again when it is lost.

    Parameters
    ----------
    engine
        The engine that the tasks use; each then runs in a fork. None is for short tasks that one process
        runs one after another.
    """

    def __init__(self, engine: str | None) -> None:
        self.engine = engine
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: Any = None
        self._log: Any = None
        self._lock = threading.Lock()
        self._stopped = False
        with _SLOTS_LOCK:
            _SLOTS.add(self)

    def call(
        self,
        function: Callable[..., Any],
        *arguments: Any,
        limits: JobLimits,
        tell: Callable[[Any], None] | None = None,
    ) -> Ended:
        """Call a function in the slot's process, and return how that ended.

        Parameters
        ----------
        function
            Function of a module that the process can import.
        arguments
            Its arguments.
        limits
            Where it is stopped.
        tell
            Called with everything that the function tells; the function then takes one more argument.

        Raises
        ------
        Stopped
            If `stop_all` was called.
        """
        begin = time.monotonic()
        watch: MemoryWatch | None = None
        peak = 0.0
        try:
            pid = self._ready()
            begin = time.monotonic()
            watch = None if self.engine else MemoryWatch(pid)
            self._connection.send(Request(function, arguments, tell is not None, limits.memory_mib))
            answer: Value | Failed | None = None
            look = begin
            while True:
                message = self._connection.recv() if self._connection.poll(POLL) else None
                if isinstance(message, Done):
                    break
                if isinstance(message, Forked):
                    watch = MemoryWatch(message.pid)
                elif isinstance(message, Value | Failed):
                    answer = message
                elif message is not None and tell is not None:
                    tell(message)
                now = time.monotonic()
                if now > begin + limits.seconds:
                    raise _Over(Outcome.TIME, f"stopped after {limits.seconds:g} s")
                # While messages pour in, looks are no more frequent.
                if watch is not None and now >= look:
                    look = now + POLL
                    peak = max(peak, watch.mib())
                    if limits.memory_mib is not None and peak > limits.memory_mib:
                        raise _Over(Outcome.MEMORY, f"stopped at {peak:.0f} MiB of {limits.memory_mib:.0f}")
        except _Over as over:
            outcome, error = over.args
            return self._lost(outcome, error, begin, peak)
        except (EOFError, OSError) as error:
            return self._lost(*self._why(error), begin, peak)
        wall = time.monotonic() - begin
        if isinstance(answer, Value):
            self._log.truncate(0)
            return Ended(Outcome.FINISHED, None, answer.value, "", wall, message.cpu_s, peak or None)
        if answer is None:
            return self._lost(Outcome.CRASHED, "it ended without a result", begin, peak)
        log = answer.log[-LOG_KEPT:]
        return Ended(Outcome(answer.outcome), answer.error, None, log, wall, message.cpu_s, peak or None)

    def close(self) -> None:
        """End the process and whatever runs in it."""
        with self._lock:
            process, self._process = self._process, None
            if process is not None:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                self._connection.close()
                self._log.close()

    def stop(self) -> None:
        """End what runs, and refuse further tasks."""
        self._stopped = True
        process = self._process
        if process is not None:
            # The thread that waits for it sees the connection close.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)

    def _ready(self) -> int:
        """Start the process if there is none, and return its id."""
        if self._stopped:
            raise Stopped
        if self._process is not None and self._process.poll() is None:
            return self._process.pid
        # What ended between two tasks is nothing to hold against the next one.
        self.close()
        ours, theirs = Pipe()
        log = tempfile.TemporaryFile("a+b", prefix="batchproof-")  # noqa: SIM115
        path = json.dumps([entry or os.getcwd() for entry in sys.path])
        with theirs, self._lock:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", _START, path, str(theirs.fileno()), self.engine or ""],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=[theirs.fileno()],
                env={**os.environ, **ONE_THREAD},
                # What solvers start is in its group, so that all of it can be ended.
                start_new_session=True,
            )
            self._connection, self._log = ours, log
        if not ours.poll(STARTING):
            raise _Over(Outcome.LOST, f"its process did not start within {STARTING:g} s")
        ready: Ready = ours.recv()
        return ready.pid

    def _why(self, error: Exception) -> tuple[Outcome, str]:
        """Say why the process is gone."""
        if self._stopped or self._process is None:
            raise Stopped from None
        try:
            code = self._process.wait(5)
        except subprocess.TimeoutExpired:
            return Outcome.CRASHED, f"its process does not answer: {error}"
        number = -code if code < 0 else code - 128
        if number == signal.SIGKILL:
            return Outcome.MEMORY, "killed by the system, which does that when memory runs out"
        if number > 0:
            with contextlib.suppress(ValueError):
                return Outcome.CRASHED, f"ended by {signal.Signals(number).name}"
        return Outcome.CRASHED, f"ended with code {code}"

    def _lost(self, outcome: Outcome, error: str, begin: float, peak: float) -> Ended:
        """Give the process up, and return how the task ended."""
        log = ""
        if self._process is not None:
            self._log.seek(max(0, self._log.seek(0, os.SEEK_END) - LOG_KEPT))
            log = self._log.read().decode(errors="replace")
        self.close()
        if self._stopped:
            raise Stopped
        return Ended(outcome, error, None, log, time.monotonic() - begin, None, peak or None)


_SLOTS: weakref.WeakSet[Slot] = weakref.WeakSet()
_SLOTS_LOCK = threading.Lock()
_OF_THREAD = threading.local()


def slot_of_thread(engine: str | None) -> Slot:
    """Return this thread's slot for an engine."""
    slots: dict[str | None, Slot] = _OF_THREAD.__dict__.setdefault("slots", {})
    if engine not in slots:
        slots[engine] = Slot(engine)
    return slots[engine]


def stop_all() -> None:
    """End everything that runs in this process's slots, for good."""
    with _SLOTS_LOCK:
        slots = list(_SLOTS)
    for slot in slots:
        slot.stop()
