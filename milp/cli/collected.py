"""Groups of options that a command receives as one object."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields
from functools import wraps
from typing import Any

Command = Callable[..., Any]


def collected(
    name: str, into: type[Any], options: Sequence[Callable[[Command], Command]]
) -> Callable[[Command], Command]:
    """Return a decorator that gives a command options, whose values it receives as one argument.

    Parameters
    ----------
    name
        The argument.
    into
        A dataclass with a field for each option.
    options
        From `click.option` or `click.argument`, in the order in which help shows them.
    """
    names = [one.name for one in fields(into)]

    def decorate(command: Command) -> Command:
        @wraps(command)
        def gathered(*args: Any, **given: Any) -> Any:
            given[name] = into(**{one: given.pop(one) for one in names})
            return command(*args, **given)

        dressed: Command = gathered
        for option in reversed(options):
            dressed = option(dressed)
        return dressed

    return decorate
