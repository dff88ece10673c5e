"""What slots, their processes and nurseries tell each other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Request:
    """Call a function.

    Parameters
    ----------
    function
        Function of a module.
    arguments
        Its arguments.
    tells
        Whether it takes one more, a function that sends what it is given.
    memory_mib
        Limit of memory in MiB, for the limit on addresses; None for none.
    """

    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    tells: bool
    memory_mib: float | None


@dataclass(frozen=True)
class Ready:
    """What was started is ready for what it is asked."""


@dataclass(frozen=True)
class Fork:
    """Start a process; its files follow, and its id is the answer."""


@dataclass(frozen=True)
class Reap:
    """Take note of the end of a process; its exit code is the answer, None while it runs."""

    pid: int


@dataclass(frozen=True)
class Value:
    """What the function returned."""

    value: Any


@dataclass(frozen=True)
class Failed:
    """What the function raised: kind of outcome, one line, traceback."""

    outcome: str
    error: str
    log: str


@dataclass(frozen=True)
class Done:
    """Whatever the task had to say is said; processor time that it took, in seconds."""

    cpu_s: float
