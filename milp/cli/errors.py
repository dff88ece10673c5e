"""Exit codes, and how anything that stops a command is said in one line."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from milp.status import Status


class ExitCode(IntEnum):
    """What the exit code of every command means."""

    FINE = 0
    NOT_VERIFIED = 1
    """A certificate is not verified, or a plan violates a limit."""
    BAD_INPUT = 2
    INFEASIBLE = 3
    """No plan can satisfy the limits, and that is proven."""
    NO_PLAN = 4
    """No plan was found in time; there may be one."""
    INTERRUPTED = 130
    PIPE_CLOSED = 141


def code_of(status: Status) -> ExitCode:
    """Return the exit code for the status of a result or a verdict."""
    from milp.status import Status

    codes = {
        Status.REJECTED: ExitCode.NOT_VERIFIED,
        Status.INFEASIBLE: ExitCode.INFEASIBLE,
        Status.NO_PLAN: ExitCode.NO_PLAN,
    }
    return codes.get(status, ExitCode.FINE)


def is_bad_input(error: Exception) -> bool:
    """Tell whether the user, not the program, has to mend what raised `error`."""
    # Imported only now: it brings numpy, which `--help` can do without.
    from instances.errors import InputError

    return isinstance(error, (click.ClickException, InputError, OSError))


def one_line(error: Exception) -> str:
    """Return what went wrong, without line breaks."""
    if isinstance(error, click.ClickException):
        text = error.format_message()
    elif isinstance(error, OSError) and error.filename is not None:
        text = f"{error.filename}: {error.strerror}"
    else:
        text = str(error)
    return " ".join(text.split())
