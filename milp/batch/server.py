"""The other end of a nursery: a process that has everything imported, and starts others as forks of itself.

An interpreter with the solvers takes a second to start, a fork a hundredth of one. Forking is safe because
this process has one thread, which the environment that `milp.batch.nursery` gives it sees to.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import resource
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from instances.errors import InputError
from milp.batch.messages import Done, Failed, Fork, Ready, Reap, Request, Value

CHECKING = (
    "instances.files.instance_file",
    "instances.files.instance_out",
    "instances.files.plan_out",
    "milp.batch.tasks",
    "milp.certificate_file",
    "milp.cli.records",
    "milp.results.store",
    "milp.verifier",
)
"""What reading and checking import, no solver among it; a fork has it at no cost."""

SEARCHING = ("milp.batch.tasks", "milp.solving", "milp.engines.through_pulp", "milp.cli.records")
"""What searches import."""

FIRST = "tiny/pad-ratio-real"
"""Bundled instance that brings every part of a search into play, in a few tenths of a second."""

ADDRESS_FACTOR, ADDRESS_SPARE = 4, 4 * 2**30
"""Addresses that a job may take: so many times its limit of memory, and so many bytes besides.

The limit of memory itself is watched from outside, on what is resident; this one stops what would fill the
machine between two looks.
"""


def main(file: int, engine: str | None) -> None:
    """Start processes, and tell how they ended, until the other end is gone.

    Parameters
    ----------
    file
        File descriptor of the connection.
    engine
        The engine that tasks use; None for tasks without one.
    """
    control = Connection(file)
    _warm_up(engine)
    sys.stdout.flush()
    sys.stderr.flush()
    # Forks share the pages of what exists now, as long as nobody counts its references anew.
    gc.collect()
    gc.freeze()
    with contextlib.suppress(EOFError, OSError):
        control.send(Ready())
        while True:
            asked: Fork | Reap = control.recv()
            control.send(_fork(control) if isinstance(asked, Fork) else _reap(asked.pid))


def _warm_up(engine: str | None) -> None:
    """Do once what every task would do first: import, and make libraries ready."""
    for name in CHECKING if engine is None else SEARCHING:
        importlib.import_module(name)
    if engine is None:
        return
    from milp.engines.registry import EXACT

    if engine == "cpsat":
        importlib.import_module("milp.engines.cpsat")
    if engine == EXACT:
        from instances import catalog, read
        from milp.solving import solve

        # With one worker its solvers start no threads; of others one cannot be sure.
        solve(read(catalog.path(FIRST)), workers=1, time_limit=10.0)


def _fork(control: Connection[Any, Any]) -> int:
    """Start a process with the connection, lifeline and log that follow; return its id."""
    with socket.socket(fileno=os.dup(control.fileno())) as channel:
        _, files, _, _ = socket.recv_fds(channel, 1, 3)
    for file in files:
        # Solvers that are programs of their own get none of them.
        os.set_inheritable(file, False)
    pid = os.fork()
    if not pid:
        _child(control, *files)
    for file in files:
        os.close(file)
    return pid


def _reap(pid: int) -> int | None:
    ended, status = os.waitpid(pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if ended else None


def _child(control: Connection[Any, Any], file: int, lifeline: int, log: int) -> None:
    """Serve a slot until it is gone.

    Parameters
    ----------
    control
        What is the nursery's own.
    file
        File descriptor of the connection to the slot.
    lifeline
        File descriptor of a pipe that nobody writes to; it closes when the other end is gone.
    log
        File descriptor of what is printed to.
    """
    code = 1
    try:
        # What solvers start is in its group, so that all of it can be ended.
        os.setsid()
        control.close()
        for printed in (1, 2):
            os.dup2(log, printed)
        os.close(log)
        threading.Thread(target=_end_with, args=(lifeline,), daemon=True).start()
        with contextlib.suppress(EOFError, OSError):
            _serve(Connection(file))
        code = 0
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        # Without the clean-up of solver libraries: it may hang, and there is nothing to clean.
        os._exit(code)


def _serve(connection: Connection[Any, Any]) -> None:
    """Answer requests until the slot has no more."""
    connection.send(Ready())
    while True:
        request: Request = connection.recv()
        before = _cpu_seconds()
        _limit(request.memory_mib)
        _answer(connection, request)
        connection.send(Done(_cpu_seconds() - before))


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
