"""A server as its slot sees it: started, spoken to, and ended with all that runs in it."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import tempfile
import threading
import time
from multiprocessing import Pipe
from typing import Any

from milp.batch.messages import Ready
from milp.batch.nursery import STARTING, nursery_of
from milp.results.record import Outcome

ENDING = 5.0
"""Seconds that a process may take to be gone once its connection is."""

LOG_KEPT = 2000
"""Characters kept of what a task printed."""

LOOKS = 0.001, 0.02
"""Seconds between two looks whether a process has ended: at first, and at most."""


class ServerProcess:
    """A process that serves a slot, forked from the nursery of an engine.

    Parameters
    ----------
    engine
        The engine that its tasks use; None for tasks without one.

    Raises
    ------
    OSError
        If it cannot be started.
    """

    def __init__(self, engine: str | None) -> None:
        self._lock = threading.Lock()
        self._ended, self._code = False, 0
        self._nursery = nursery_of(engine)
        self.connection, theirs = Pipe()
        lifeline, self._lifeline = os.pipe()
        self._log = tempfile.TemporaryFile("a+b", prefix="batchproof-")  # noqa: SIM115
        try:
            self.pid = self._nursery.fork([theirs.fileno(), lifeline, self._log.fileno()])
        except BaseException:
            os.close(self._lifeline)
            self.connection.close()
            self._log.close()
            raise
        finally:
            theirs.close()
            os.close(lifeline)
        self._poll = select.poll()
        self._poll.register(self.connection.fileno(), select.POLLIN)

    @property
    def idle(self) -> bool:
        """Whether it waits for a task: what one that does can be heard to say is that it ended."""
        return not self._poll.poll(0)

    def hear(self, seconds: float) -> Any:
        """Return what it says next; None if it says nothing for so long.

        Raises
        ------
        EOFError, OSError
            If it ended.
        """
        return self.connection.recv() if self._poll.poll(1000 * seconds) else None

    def wait_until_ready(self) -> bool:
        """Wait for its first word; tell whether it came in time.

        Raises
        ------
        EOFError, OSError
            If it ended before.
        """
        return isinstance(self.hear(STARTING), Ready)

    def kill(self) -> None:
        """End it, and whatever it started; its connection closes when it is gone."""
        with self._lock:
            # The id of a process that was reaped may be another one's.
            if not self._ended:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(self.pid, signal.SIGKILL)

    def close(self, *, idle: bool = False) -> None:
        """End it, and keep nothing of it; a process that is idle is left to end by itself."""
        self.connection.close()
        if idle:
            self._wait(ENDING)
        self.kill()
        self._wait(float("inf"))
        # If its nursery is gone, this ends it.
        os.close(self._lifeline)
        self._log.close()

    def forget_log(self) -> None:
        """Drop what was printed."""
        self._log.truncate(0)

    def log(self) -> str:
        """Return what was printed last."""
        self._log.seek(max(0, self._log.seek(0, os.SEEK_END) - LOG_KEPT))
        return self._log.read().decode(errors="replace")

    def ending(self) -> tuple[Outcome, str]:
        """Say why it is gone."""
        if not self._wait(ENDING):
            return Outcome.CRASHED, "its process closed the connection"
        if self._code == -signal.SIGKILL:
            return Outcome.MEMORY, "killed by the system, which does that when memory runs out"
        if self._code < 0:
            with contextlib.suppress(ValueError):
                return Outcome.CRASHED, f"ended by {signal.Signals(-self._code).name}"
        return Outcome.CRASHED, f"ended with code {self._code}"

    def _wait(self, seconds: float) -> bool:
        """Wait until it has ended; tell whether it has in time."""
        end, (pause, longest) = time.monotonic() + seconds, LOOKS
        while not self._reap():
            if time.monotonic() > end:
                return False
            time.sleep(pause)
            pause = min(2 * pause, longest)
        return True

    def _reap(self) -> bool:
        """Tell whether it has ended, as far as that can be known."""
        with self._lock:
            if not self._ended:
                try:
                    code = self._nursery.reap(self.pid)
                except (EOFError, OSError):
                    # Nobody can tell any more how it ended.
                    code = 1
                self._ended, self._code = code is not None, code or 0
            return self._ended
