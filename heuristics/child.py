"""Heuristics in a process of their own, where a time limit holds whatever they do."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from types import TracebackType

from heuristics.attempt import Attempt, Heuristic, Outcome, attempt
from instances.instance import Instance


class Child:
    """A process that runs heuristics one after another, and is replaced when one of them has to be stopped.

    It is a fresh interpreter, which is safe beside threads. Scripts need the guard
    ``if __name__ == "__main__":`` that `multiprocessing` asks for. To be used in a ``with`` block.
    """

    def __init__(self) -> None:
        self._pool: ProcessPoolExecutor | None = None
        self._process = 0

    def __enter__(self) -> Child:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def attempt(self, heuristic: Heuristic, instance: Instance, limit: float) -> Attempt:
        """Run a heuristic; it is stopped when its time is over.

        Parameters
        ----------
        heuristic
            A function of a module: the process imports it.
        limit
            Seconds, the start of the process apart.
        """
        pool = self._started()
        try:
            return pool.submit(attempt, heuristic, instance).result(limit)
        except TimeoutError:
            self._stop()
            return Attempt(Outcome.OUT_OF_TIME, limit, reason=f"not done after {limit:g} s")
        except BrokenProcessPool:
            self._stop()
            return Attempt(Outcome.FAILED, 0.0, reason="its process died")
        except BaseException:
            self._stop()
            raise

    def _started(self) -> ProcessPoolExecutor:
        """Return the pool of the one process, which is up."""
        if self._pool is None:
            context = multiprocessing.get_context("spawn")
            with _deaf():
                self._pool = ProcessPoolExecutor(1, mp_context=context, initializer=_ignore_interrupts)
                started = self._pool.submit(os.getpid)
            self._process = started.result()
        return self._pool

    def _stop(self) -> None:
        if self._pool is None:
            return
        for process in multiprocessing.active_children():
            if process.pid == self._process:
                process.kill()
        self._pool.shutdown(cancel_futures=True)
        self._pool, self._process = None, 0


@contextmanager
def _deaf() -> Iterator[None]:
    """Keep Ctrl-C from what is started within the block; in this process it waits until the block ends."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _ignore_interrupts() -> None:
    # Ctrl-C goes to parent and child alike, and the parent decides; signals cannot be blocked everywhere.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
