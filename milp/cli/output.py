"""What a command prints, as tables or as one JSON object, and how its files are written."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import RenderableType

    from milp.cli.records import Record


def report(as_json: bool, record: Record, tables: Callable[[], Iterable[RenderableType]]) -> None:
    """Print a record on stdout: as JSON, or as the tables that `tables` makes."""
    if as_json:
        print(json_text(record), end="")
        return
    from rich.console import Console

    console = Console(file=sys.stdout, highlight=False)
    for table in tables():
        console.print(table, soft_wrap=isinstance(table, str))


def json_text(record: Record) -> str:
    """Return a record as JSON; integers of any size are written in full."""
    return json.dumps(record, indent=2, ensure_ascii=False) + "\n"


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a path beside `path` to write to; it replaces `path` if nothing fails and vanishes otherwise."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{os.getpid()}-{path.name}")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def require_folder(folder: Path) -> None:
    """Make a folder, and refuse one that cannot be written to before hours are spent on what goes into it."""
    from instances import InputError

    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise InputError("a folder that can be written to", error.strerror, file=folder) from None


def require_writable(*files: Path | None, plot: Path | None = None) -> None:
    """Refuse files that could not be written, before anything is computed for them.

    Parameters
    ----------
    files
        Whose folders are made; None for those that were not asked for.
    plot
        A picture, for which matplotlib is needed and the ending must be known.

    Raises
    ------
    InputError
        If one of them cannot be written.
    """
    for file in (*files, plot):
        if file is not None:
            require_folder(file.parent)
    if plot is not None:
        from milp.plots.canvas import canvas, refuse_unknown_format

        refuse_unknown_format(plot)
        canvas()


def write_json(record: Record, path: Path) -> None:
    """Write a record to a file."""
    from instances.files.atomic import atomic_write

    with atomic_write(path) as file:
        file.write(json_text(record).encode())
