"""What people see of a run: one screen on a terminal, a plain line per event elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from milp.results.record import Outcome, Record, TracePoint, fraction_of
from milp.verifier import relative_gap

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.live import Live

ROWS_BESIDE = 6
"""Lines of the screen that are not running jobs."""


@dataclass
class Running:
    """A job that runs, as far as it is known."""

    name: str
    since: float
    point: TracePoint | None = None


class Board:
    """Counts what is done and keeps what runs; shows plain lines on stderr.

    `started`, `told` and `note` may be called from any thread.
    """

    def __init__(self) -> None:
        self.total = self.done = self.failed = self.kept = 0
        self.start = time.monotonic()
        self.running: dict[str, Running] = {}

    def reading(self, files: int) -> None:
        """Say that files are being read."""
        self.note(f"reading {files} files")

    def begin(self, total: int, kept: int) -> None:
        """Say how many jobs there are to run, and how many results there are already."""
        self.total, self.kept = total, kept
        known = f", {kept} known already" if kept else ""
        self.note(f"{total} to solve{known}")

    def started(self, job_id: str, name: str) -> None:
        """Say that a job starts."""
        self.running[job_id] = Running(name, time.monotonic())

    def told(self, job_id: str, point: TracePoint) -> None:
        """Say where a search stands."""
        job = self.running.get(job_id)
        if job is not None:
            job.point = point

    def ended(self, record: Record) -> None:
        """Say what became of a job."""
        self.running.pop(record.id, None)
        if record.outcome is Outcome.FINISHED:
            self.done += 1
        else:
            self.failed += 1
        count = f"[{self.done + self.failed}/{self.total}]"
        self.note(f"{count} {record.label}: {record_text(record)}")

    def withdrawn(self, job_id: str) -> None:
        """Say that a job waits again."""
        self.running.pop(job_id, None)

    def note(self, text: str) -> None:
        """Show a line."""
        print(f"{time.monotonic() - self.start:7.1f} s  {text}", file=sys.stderr, flush=True)


class Screen(Board):
    """The board on a terminal: counts, running jobs with incumbent, bound and gap, and failures above."""

    def __init__(self) -> None:
        super().__init__()
        self.live: Live | None = None
        self.files = 0

    def reading(self, files: int) -> None:
        """Say that files are being read."""
        self.files = files

    def begin(self, total: int, kept: int) -> None:
        """Say how many jobs there are to run, and how many results there are already."""
        self.total, self.kept = total, kept

    def ended(self, record: Record) -> None:
        """Say what became of a job; only failures stay on the screen."""
        self.running.pop(record.id, None)
        if record.outcome is Outcome.FINISHED:
            self.done += 1
            return
        self.failed += 1
        self.note(f"{record.label}: {record_text(record)}")

    def note(self, text: str) -> None:
        """Show a line above the table."""
        if self.live is None:
            super().note(text)
        else:
            from rich.text import Text

            self.live.console.print(Text(text))

    def picture(self) -> RenderableType:
        """Return what is shown now."""
        from rich.console import Group
        from rich.table import Table
        from rich.text import Text

        from milp.cli.tables import number, percent

        table = Table(box=None, pad_edge=False, expand=False)
        table.add_column("running", overflow="ellipsis", no_wrap=True, max_width=44)
        for name in ("s", "phase", "incumbent", "certified bound", "gap"):
            table.add_column(name, justify="right", no_wrap=True)
        room = max(1, (self.live.console.height if self.live else 24) - ROWS_BESIDE)
        jobs = list(self.running.values())
        for job in jobs[:room]:
            point = job.point
            cost = fraction_of(point.incumbent) if point else None
            bound = fraction_of(point.lower_bound) if point else None
            gap = None if cost is None or bound is None else relative_gap(bound, cost)
            shown = ("—" if v is None else t(v) for v, t in ((cost, number), (bound, number), (gap, percent)))
            seconds = f"{time.monotonic() - job.since:.0f}"
            table.add_row(Text(job.name), seconds, point.phase if point else "", *shown)
        hidden = [Text(f"… and {len(jobs) - room} more")] if len(jobs) > room else []
        return Group(Text(self.summary(), style="bold"), table, *hidden)

    def summary(self) -> str:
        """Return the counts in one line."""
        seconds = f"{time.monotonic() - self.start:7.1f} s"
        if not self.total and not self.kept:
            return f"{seconds}  reading {self.files} files"
        left = self.total - self.done - self.failed - len(self.running)
        parts = [
            f"{self.done} done",
            f"{len(self.running)} running",
            f"{self.failed} failed",
            f"{left} waiting",
        ]
        parts += [f"{self.kept} known already"] * bool(self.kept)
        return f"{seconds}  {', '.join(parts)}"


@contextmanager
def shown_board() -> Iterator[Board]:
    """Yield the board that suits stderr, until the block ends."""
    if not sys.stderr.isatty():
        yield Board()
        return
    from rich.console import Console
    from rich.live import Live

    screen = Screen()
    console = Console(stderr=True, highlight=False)
    with Live(get_renderable=screen.picture, console=console, transient=True, redirect_stdout=False) as live:
        screen.live = live
        yield screen


def record_text(record: Record) -> str:
    """Return what became of a job in a few words."""
    from milp.cli.tables import number, percent

    if record.outcome is not Outcome.FINISHED:
        return f"{record.outcome}: {record.error}"
    words = str(record.status)
    if record.value is not None:
        value, gap = fraction_of(record.value), fraction_of(record.gap)
        words += f", {record.minimized} {number(value)}, gap {percent(gap)}"
    return f"{words} ({record.wall_s or 0:.1f} s)"
