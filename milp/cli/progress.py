"""Progress of a search on stderr: one live line on a terminal, a plain line per change elsewhere."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from milp import Progress

PLAIN_INTERVAL = 1.0
"""Least time between two plain lines, in seconds."""


def progress_text(progress: Progress) -> str:
    """Return the incumbent, the certified bound and the gap in one line, without the time."""
    from milp.cli.tables import number, percent

    incumbent, bound = progress.incumbent, progress.lower_bound
    gap = None
    if incumbent is not None and bound is not None:
        gap = (incumbent - bound) / incumbent if incumbent else incumbent
    text = f"{progress.phase}: incumbent {number(incumbent)}, certified bound {number(bound)}"
    return text + ("" if gap is None else f", gap {percent(gap)}")


@contextmanager
def shown_progress(text: Callable[[Any], str] = progress_text) -> Iterator[Callable[[Any], None]]:
    """Yield a function that shows progress until the block ends.

    Parameters
    ----------
    text
        Returns what to show of a progress, which has ``seconds``.
    """
    with _solvers_on_stderr(), _shown(text) as show:
        yield show


@contextmanager
def _solvers_on_stderr() -> Iterator[None]:
    """Send to stderr what libraries print to stdout behind Python's back, as HiGHS does now and then.

    On stdout it would stand beside the one JSON object that is promised there.
    """
    sys.stdout.flush()
    kept = os.dup(1)
    try:
        os.dup2(2, 1)
        yield
    finally:
        sys.stdout.flush()
        os.dup2(kept, 1)
        os.close(kept)


@contextmanager
def _shown(text: Callable[[Any], str]) -> Iterator[Callable[[Any], None]]:
    if sys.stderr.isatty():
        with _live(text) as show:
            yield show
    else:
        yield _Plain(text).show


@contextmanager
def _live(text_of: Callable[[Any], str]) -> Iterator[Callable[[Any], None]]:
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    start, latest = perf_counter(), "starting"

    def line() -> Text:
        return Text(f"{perf_counter() - start:7.1f} s  {latest}", no_wrap=True, overflow="ellipsis")

    def show(progress: Any) -> None:
        nonlocal latest
        latest = text_of(progress)

    console = Console(stderr=True)
    with Live(get_renderable=line, console=console, transient=True, redirect_stdout=False):
        yield show


class _Plain:
    """A line per change of phase, incumbent or bound, not more often than once per interval."""

    def __init__(self, text_of: Callable[[Any], str]) -> None:
        self.text_of, self.text = text_of, ""
        self.due = 0.0

    def show(self, progress: Any) -> None:
        """Print the line if it is new and due."""
        text = self.text_of(progress)
        if text != self.text and progress.seconds >= self.due:
            self.text, self.due = text, progress.seconds + PLAIN_INTERVAL
            print(f"{progress.seconds:7.1f} s  {text}", file=sys.stderr, flush=True)
