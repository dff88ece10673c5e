"""The other end of a slot: a process that is ready, and runs every task in a fork of itself.

An interpreter with the solvers takes a second to start, a fork a hundredth of one. Forking is safe because
this process has one thread, which the environment that `milp.batch.slot` gives it sees to.
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
from multiprocessing.connection import Connection, wait
from typing import Any

from instances.errors import InputError
from milp.batch.messages import Done, Failed, Forked, Ready, Request, Value

PRELOADED = ("milp.solving", "milp.engines.through_pulp", "milp.cli.records", "milp.certificate_file")
"""What searches import; a fork has it at no cost."""

ADDRESS_FACTOR, ADDRESS_SPARE = 4, 4 * 2**30
"""Addresses that a job may take: so many times its limit of memory, and so many bytes besides.

The limit of memory itself is watched from outside, on what is resident; this one stops what would fill the
machine between two looks.
"""


def main(file: int, engine: str | None) -> None:
    """Serve requests until the other end is gone.

    Parameters
    ----------
    file
        File descriptor of the connection.
    engine
        The engine that the tasks use, each in a fork; None runs them in this process.
    """
    connection = Connection(file)
    for name in PRELOADED if engine else ():
        importlib.import_module(name)
    if engine == "cpsat":
        importlib.import_module("milp.engines.cpsat")
    # Forks share the pages of what exists now, as long as nobody counts its references anew.
    gc.collect()
    gc.freeze()
    with contextlib.suppress(EOFError, OSError):
        connection.send(Ready(os.getpid()))
        while True:
            request: Request = connection.recv()
            if engine is None:
                _answer(connection, request)
                connection.send(Done(0.0))
            else:
                _fork(connection, request)


def _fork(connection: Connection[Any, Any], request: Request) -> None:
    pid = os.fork()
    if not pid:
        _child(connection, request)
    _, status, usage = os.wait4(pid, 0)
    code = os.waitstatus_to_exitcode(status)
    if code:
        # What it was sending may have been cut off anywhere: the connection is of no use any more.
        os._exit(code if code > 0 else 128 - code)
    connection.send(Done(usage.ru_utime + usage.ru_stime))


def _child(connection: Connection[Any, Any], request: Request) -> None:
    code = 1
    try:
        connection.send(Forked(os.getpid()))
        _limit(request.memory_mib)
        threading.Thread(target=_end_with, args=(connection,), daemon=True).start()
        _answer(connection, request)
        code = 0
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        # Without the clean-up of solver libraries: it may hang, and there is nothing to clean.
        os._exit(code)


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
        answer = Failed("crashed", f"{type(error).__name__}: {error}", traceback.format_exc())
    connection.send(answer)


def _limit(memory_mib: float | None) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if memory_mib is None:
        return
    most = int(ADDRESS_FACTOR * memory_mib * 2**20) + ADDRESS_SPARE
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(
            resource.RLIMIT_AS, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard)
        )


def _end_with(connection: Connection[Any, Any]) -> None:
    """End the whole group when the other end is gone: nobody waits for the result."""
    # Nothing is sent to a running task, so that there is something to read only when it is closed.
    wait([connection])
    os.killpg(0, signal.SIGKILL)
