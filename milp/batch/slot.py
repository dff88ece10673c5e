"""A slot: runs one task at a time in a process of its own, watches it, and stops it at its limits."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from milp.batch.job import JobLimits
from milp.batch.memory import MemoryWatch
from milp.batch.messages import Done, Failed, Request, Value
from milp.batch.nursery import STARTING, close_nurseries, kill_nurseries
from milp.batch.server_process import LOG_KEPT, ServerProcess
from milp.results.record import Outcome

POLL = 0.05
"""Seconds between two looks at the memory of a task."""

SHORT = 1.0
"""Seconds up to which a task counts as short: its process is used again."""

USES = 50
"""Tasks that a process is used for at most; where most take longer than `SHORT`, each has its own."""

GROWN_MIB = 400.0
"""Memory from which on a process of short tasks is replaced."""

ASKING = 1.0
"""Seconds between two questions whether anybody still waits for a result."""


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
    """The task has to be ended: outcome and one line."""


class Slot:
    """Runs tasks, one at a time; its process is started when it is first needed, and again when it is lost.

    Parameters
    ----------
    engine
        The engine that the tasks use; they then have a new process after every task that took long or did not
        finish. None is for short tasks that one process runs one after another.
    """

    def __init__(self, engine: str | None) -> None:
        self.engine = engine
        self._server: ServerProcess | None = None
        self._uses = 0
        self._stopped = False
        with _SLOTS_LOCK:
            _SLOTS.add(self)

    def call(
        self,
        function: Callable[..., Any],
        *arguments: Any,
        limits: JobLimits,
        tell: Callable[[Any], None] | None = None,
        wanted: Callable[[], bool] | None = None,
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
        wanted
            Asked now and then whether anybody waits for the result; the task is ended if nobody does.

        Raises
        ------
        Stopped
            If `stop_all` was called.
        """
        guard = _Guard(limits, wanted)
        try:
            server = self._ready()
            guard.begin, guard.watch = time.monotonic(), MemoryWatch(server.pid)
            server.connection.send(Request(function, arguments, tell is not None, limits.memory_mib))
            answer, done = self._follow(server, guard, tell)
        except _Over as over:
            return self._lost(guard, *over.args)
        except (EOFError, OSError) as error:
            return self._lost(guard, *self._why(error))
        except BaseException:
            # What the task says from here on would be taken for the next one's.
            self.close()
            raise
        server.forget_log()
        seconds, peak = guard.seconds, guard.peak_mib or None
        self._uses += 1
        if seconds > SHORT or self._uses >= USES or not isinstance(answer, Value):
            self._renew(guard.peak_mib)
        if isinstance(answer, Value):
            return Ended(Outcome.FINISHED, None, answer.value, "", seconds, done.cpu_s, peak)
        log = answer.log[-LOG_KEPT:]
        return Ended(Outcome(answer.outcome), answer.error, None, log, seconds, done.cpu_s, peak)

    def stop(self) -> None:
        """End what runs, and refuse further tasks; may be called from any thread."""
        self._stopped = True
        if self._server is not None:
            # The thread that follows it sees the connection close.
            self._server.kill()

    def close(self, *, idle: bool = False) -> None:
        """End the process; one that is idle is left to end by itself."""
        server, self._server, self._uses = self._server, None, 0
        if server is not None:
            server.close(idle=idle)

    def _ready(self) -> ServerProcess:
        if self._stopped:
            raise Stopped
        if self._server is None or not self._server.idle:
            # What ended between two tasks is nothing to hold against the next one.
            self.close()
            self._server = ServerProcess(self.engine)
            if not self._server.wait_until_ready():
                raise _Over(Outcome.LOST, f"its process did not start within {STARTING:g} s")
        return self._server

    def _follow(
        self, server: ServerProcess, guard: _Guard, tell: Callable[[Any], None] | None
    ) -> tuple[Value | Failed, Done]:
        """Take what the server says until the task has ended."""
        answer: Value | Failed = Failed(Outcome.CRASHED, "it ended without a result", "")
        while not self._stopped:
            message = server.hear(POLL)
            if isinstance(message, Done):
                return answer, message
            if isinstance(message, Value | Failed):
                answer = message
            elif message is not None and tell is not None:
                # Whoever listens may be gone; that is no fault of the task.
                with contextlib.suppress(Exception):
                    tell(message)
            guard.look()
        raise EOFError

    def _renew(self, peak_mib: float) -> None:
        """Have the next task run in a new process: this one may not be as good as new any more."""
        self._uses = 0
        if self.engine is not None or peak_mib > GROWN_MIB:
            self.close()

    def _why(self, error: Exception) -> tuple[Outcome, str]:
        if self._stopped:
            return Outcome.LOST, "stopped"
        if self._server is None:
            return Outcome.LOST, f"its process cannot be started: {error}"
        return self._server.ending()

    def _lost(self, guard: _Guard, outcome: Outcome, error: str) -> Ended:
        """Give the process up, and return how the task ended."""
        log = "" if self._server is None else self._server.log()
        self.close()
        if self._stopped:
            raise Stopped
        return Ended(outcome, error, None, log, guard.seconds, None, guard.peak_mib or None)


class _Guard:
    """The limits of one task: what has been used of them."""

    def __init__(self, limits: JobLimits, wanted: Callable[[], bool] | None) -> None:
        self.limits, self.wanted = limits, wanted
        self.begin = self._look = self._ask = time.monotonic()
        self.peak_mib = 0.0
        self.watch: MemoryWatch | None = None

    @property
    def seconds(self) -> float:
        """Since the task began."""
        return time.monotonic() - self.begin

    def look(self) -> None:
        """Look at time and memory; while messages pour in, no more often than otherwise."""
        now, most = time.monotonic(), self.limits.memory_mib
        if now > self.begin + self.limits.seconds:
            raise _Over(Outcome.TIME, f"stopped after {self.limits.seconds:g} s")
        if self.watch is not None and now >= self._look:
            self._look = now + POLL
            self.peak_mib = max(self.peak_mib, self.watch.mib())
            if most is not None and self.peak_mib > most:
                raise _Over(Outcome.MEMORY, f"stopped at {self.peak_mib:.0f} MiB of {most:.0f}")
        if self.wanted is not None and now >= self._ask:
            self._ask = now + ASKING
            if not self.wanted():
                raise _Over(Outcome.LOST, "nobody waits for it any more")


_SLOTS: set[Slot] = set()
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
    for slot in _slots():
        slot.stop()
    kill_nurseries()


def close_all() -> None:
    """End the processes of all slots, when no thread uses them any more."""
    for slot in _slots():
        slot.close(idle=True)
    with _SLOTS_LOCK:
        _SLOTS.clear()
    close_nurseries()


def _slots() -> list[Slot]:
    with _SLOTS_LOCK:
        return list(_SLOTS)
