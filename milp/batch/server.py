"""The other end of a slot: a process that is ready, and runs tasks in forks of itself.

An interpreter with the solvers takes a second to start, a fork a hundredth of one. Forking is safe because
this process has one thread, which the environment that `milp.batch.server_process` gives it sees to.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import resource
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from instances.errors import InputError
from milp.batch.messages import Done, Failed, Forked, Ready, Request, Retire, Value
from milp.engines.registry import EXACT

PRELOADED = ("milp.solving", "milp.engines.through_pulp", "milp.cli.records", "milp.certificate_file")
"""What searches import; a fork has it at no cost."""

FIRST = "tiny/pad-ratio-real"
"""Bundled instance that brings every part of a search into play, in a few tenths of a second."""

ADDRESS_FACTOR, ADDRESS_SPARE = 4, 4 * 2**30
"""Addresses that a job may take: so many times its limit of memory, and so many bytes besides.

The limit of memory itself is watched from outside, on what is resident; this one stops what would fill the
machine between two looks.
"""


def main(file: int, lifeline: int, engine: str | None) -> None:
    """Serve requests until the other end is gone.

    Parameters
    ----------
    file
        File descriptor of the connection.
    lifeline
        File descriptor of a pipe that nobody writes to; it closes when the other end is gone.
    engine
        The engine that the tasks use, in forks; None runs them in this process.
    """
    connection = Connection(file)
    if engine is not None:
        _warm_up(engine)
    # Forks share the pages of what exists now, as long as nobody counts its references anew.
    gc.collect()
    gc.freeze()
    with contextlib.suppress(EOFError, OSError):
        connection.send(Ready(os.getpid()))
        while True:
            request: Request = connection.recv()
            if engine is None:
                _serve(connection, request)
            else:
                _fork(connection, lifeline, request)


def _warm_up(engine: str) -> None:
    """Do once what every search would do first: import, and make libraries ready."""
    for name in PRELOADED:
        importlib.import_module(name)
    if engine == "cpsat":
        importlib.import_module("milp.engines.cpsat")
    if engine == EXACT:
        from instances import catalog, read
        from milp.solving import solve

        # With one worker its solvers start no threads; of others one cannot be sure.
        solve(read(catalog.path(FIRST)), workers=1, time_limit=10.0)


def _fork(connection: Connection[Any, Any], lifeline: int, request: Request) -> None:
    """Run a task in a fork, and those that come after it, until the fork is to make room for another."""
    pid = os.fork()
    if not pid:
        _child(connection, lifeline, request)
    _, status = os.waitpid(pid, 0)
    code = os.waitstatus_to_exitcode(status)
    if code:
        # What it was sending may have been cut off anywhere: the connection is of no use any more.
        os._exit(code if code > 0 else 128 - code)


def _child(connection: Connection[Any, Any], lifeline: int, request: Request) -> None:
    code = 1
    try:
        connection.send(Forked(os.getpid()))
        threading.Thread(target=_end_with, args=(lifeline,), daemon=True).start()
        _serve(connection, request)
        code = 0
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        # Without the clean-up of solver libraries: it may hang, and there is nothing to clean.
        os._exit(code)


def _serve(connection: Connection[Any, Any], request: Request | Retire) -> None:
    """Answer a request and all that follow, up to one to retire."""
    while isinstance(request, Request):
        before = _cpu_seconds()
        _limit(request.memory_mib)
        _answer(connection, request)
        connection.send(Done(_cpu_seconds() - before))
        request = connection.recv()


def _cpu_seconds() -> float:
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def _answer(connection: Connection[Any, Any], request: Request) -> None:
    function: Callable[..., Any] = request.function
    arguments = (*request.arguments, connection.send) if request.tells else request.arguments
    try:
        answer: Value | Failed = Value(function(*arguments))
    except InputError as error:
        answer = Failed("bad input", str(error), "")
    except MemoryError:
        answer = Failed("out of memory", "it ran out of memory", traceback.format_exc())
    except Exception as error:
        line = " ".join(f"{type(error).__name__}: {error}".split())
        answer = Failed("crashed", line, traceback.format_exc())
    connection.send(answer)


def _limit(memory_mib: float | None) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    most = hard
    if memory_mib is not None:
        most = int(ADDRESS_FACTOR * memory_mib * 2**20) + ADDRESS_SPARE
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (most, hard))


def _end_with(lifeline: int) -> None:
    """End the whole group when the other end is gone: nobody waits for the result."""
    os.read(lifeline, 1)
    os.killpg(0, signal.SIGKILL)
