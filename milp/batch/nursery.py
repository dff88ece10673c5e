"""Nurseries: one process for each engine, from which every slot gets the processes that its tasks run in."""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from multiprocessing import Pipe

from milp.batch.messages import Fork, Ready, Reap

STARTING = 120.0
"""Seconds that a process may take to start, on a machine that has much else to do."""

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
    "from milp.batch.server import main; main(int(sys.argv[2]), sys.argv[3] or None)"
)


class Nursery:
    """A process of `milp.batch.server`, which starts at once and is waited for when it is first needed.

    All methods may be called from any thread.

    Parameters
    ----------
    engine
        The engine that it makes ready; None for tasks without one.

    Raises
    ------
    OSError
        If it cannot be started.
    """

    def __init__(self, engine: str | None) -> None:
        self._lock = threading.Lock()
        self._ready = False
        self._control, theirs = Pipe()
        self._log = tempfile.TemporaryFile("a+b", prefix="batchproof-")  # noqa: SIM115
        # The same modules as here, wherever the interpreter would look for them.
        path = json.dumps([entry or os.getcwd() for entry in sys.path])
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", _CODE, path, str(theirs.fileno()), engine or ""],
                stdin=subprocess.DEVNULL,
                stdout=self._log,
                stderr=self._log,
                pass_fds=[theirs.fileno()],
                env={**os.environ, **ONE_THREAD},
                # Whoever interrupts a run means the run, which then ends what it started.
                start_new_session=True,
            )

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    def fork(self, files: Sequence[int]) -> int:
        """Start a process that has these files; return its id.

        Parameters
        ----------
        files
            File descriptors, as `milp.batch.server` expects them.

        Raises
        ------
        OSError
            If the nursery is gone.
        """
        with self._lock:
            try:
                self._wait_until_ready()
                self._control.send(Fork())
                with socket.socket(fileno=os.dup(self._control.fileno())) as channel:
                    socket.send_fds(channel, [b"\0"], files)
                pid: int = self._control.recv()
            except (EOFError, OSError) as error:
                # It may take a while to end, and nobody else shall be sent to it.
                self.kill()
                self._process.wait()
                raise OSError(str(error) or self._last_words()) from None
            return pid

    def reap(self, pid: int) -> int | None:
        """Return the exit code of a process that it started, negative for a signal; None while it runs.

        A code is returned once: the system may then give the id to another process.

        Raises
        ------
        EOFError, OSError
            If the nursery is gone.
        """
        with self._lock:
            self._control.send(Reap(pid))
            code: int | None = self._control.recv()
            return code

    def kill(self) -> None:
        """End it, without a word to whoever waits for it; what it started goes on."""
        self._process.kill()

    def close(self) -> None:
        """End it, when nobody uses it any more."""
        self.kill()
        self._process.wait()
        # Whoever is still in a talk with it hears of its end now.
        with self._lock:
            self._control.close()
            self._log.close()

    def _wait_until_ready(self) -> None:
        if self._ready:
            return
        if not self._control.poll(STARTING):
            raise OSError(f"it is not ready after {STARTING:g} s")
        self._ready = isinstance(self._control.recv(), Ready)

    def _last_words(self) -> str:
        self._log.seek(0)
        lines = self._log.read().decode(errors="replace").split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "it ended")


_NURSERIES: dict[str | None, Nursery] = {}
_LOCK = threading.Lock()


def nursery_of(engine: str | None) -> Nursery:
    """Return this process's nursery for an engine, a new one if there is none that is alive.

    Raises
    ------
    OSError
        If it cannot be started.
    """
    with _LOCK:
        found = _NURSERIES.get(engine)
        if found is None or not found.alive:
            if found is not None:
                found.close()
            found = _NURSERIES[engine] = Nursery(engine)
        return found


def kill_nurseries() -> None:
    """End all nurseries, so that nobody waits for one; may be called while others use them."""
    with _LOCK:
        for nursery in _NURSERIES.values():
            nursery.kill()


@atexit.register
def close_nurseries() -> None:
    """End all nurseries, when nobody uses them any more."""
    with _LOCK, contextlib.suppress(OSError):
        while _NURSERIES:
            _NURSERIES.popitem()[1].close()
