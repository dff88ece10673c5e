"""A server as its slot sees it: started, spoken to, and ended with all that runs in it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from multiprocessing import Pipe

from milp.batch.messages import Ready
from milp.results.record import Outcome

STARTING = 120.0
"""Seconds that a server may take to start, on a machine that has much else to do."""

ENDING = 5.0
"""Seconds that a process may take to be gone once its connection is."""

LOG_KEPT = 2000
"""Characters kept of what a task printed."""

ONE_THREAD = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    # pyarrow, which pandas imports where it is installed, starts a thread for its memory otherwise.
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
    "ARROW_DEFAULT_MEMORY_POOL": "system",
}
"""Environment in which importing starts no threads: a process with threads must not fork."""

_CODE = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]);"
    "from milp.batch.server import main; main(int(sys.argv[2]), int(sys.argv[3]), sys.argv[4] or None)"
)


class ServerProcess:
    """A process of `milp.batch.server`.

    Parameters
    ----------
    engine
        The engine that its tasks use, each in a fork; None for a process that runs tasks itself.

    Raises
    ------
    OSError
        If it cannot be started.
    """

    def __init__(self, engine: str | None) -> None:
        self.connection, theirs = Pipe()
        lifeline, self._lifeline = os.pipe()
        self._log = tempfile.TemporaryFile("a+b", prefix="batchproof-")  # noqa: SIM115
        # The same modules as here, wherever the interpreter would look for them.
        path = json.dumps([entry or os.getcwd() for entry in sys.path])
        given = (theirs.fileno(), lifeline)
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", _CODE, path, *map(str, given), engine or ""],
                stdin=subprocess.DEVNULL,
                stdout=self._log,
                stderr=self._log,
                pass_fds=given,
                env={**os.environ, **ONE_THREAD},
                # What solvers start is in its group, so that all of it can be ended.
                start_new_session=True,
            )
        except BaseException:
            os.close(self._lifeline)
            raise
        finally:
            theirs.close()
            os.close(lifeline)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    def wait_until_ready(self) -> bool:
        """Wait for its first word; tell whether it came in time.

        Raises
        ------
        EOFError, OSError
            If it ended before.
        """
        return self.connection.poll(STARTING) and isinstance(self.connection.recv(), Ready)

    def kill(self) -> None:
        """End it, and whatever it started; its connection closes when it is gone."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def close(self, *, idle: bool = False) -> None:
        """End it, and keep nothing of it; a process that is idle is left to end by itself."""
        self.connection.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            if idle:
                self._process.wait(ENDING)
        self.kill()
        self._process.wait()
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
        try:
            code = self._process.wait(ENDING)
        except subprocess.TimeoutExpired:
            return Outcome.CRASHED, "its process closed the connection"
        # A server ends with 128 + the signal that ended its fork.
        number = -code if code < 0 else code - 128
        if number == signal.SIGKILL:
            return Outcome.MEMORY, "killed by the system, which does that when memory runs out"
        if number > 0:
            with contextlib.suppress(ValueError):
                return Outcome.CRASHED, f"ended by {signal.Signals(number).name}"
        return Outcome.CRASHED, f"ended with code {code}"
