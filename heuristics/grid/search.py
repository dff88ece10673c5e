"""The search: every configuration that the log does not know yet is tested once."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import msgspec

from heuristics.errors import Uncoverable
from heuristics.grid.configuration import FULL, Configuration, Grid, Planner
from heuristics.grid.log import GridLog
from heuristics.grid.record import Record, evaluated
from instances.groups import Groups, form_groups
from instances.instance import Instance
from instances.metrics import evaluate
from instances.plan import Plan


@dataclass(frozen=True)
class GridProgress:
    """How far a search is.

    Parameters
    ----------
    seconds
        Wall time since the start.
    tested, total
        Configurations of the grid that are known, and all of them.
    best
        The best record so far.
    """

    seconds: float
    tested: int
    total: int
    best: Record | None


@dataclass(frozen=True, eq=False)
class GridResult:
    """What a search found.

    Parameters
    ----------
    records
        All records, those of earlier runs first.
    best, plan
        The best record and its plan; None if no configuration has one.
    total, tested
        Configurations of the grid, and those that this run tested.
    complete
        Whether every configuration of the grid is known.
    seconds
        Wall time taken.
    """

    records: tuple[Record, ...]
    best: Record | None
    plan: Plan | None
    total: int
    tested: int
    complete: bool
    seconds: float


def search_grid(
    instance: Instance,
    grid: Grid = FULL,
    *,
    groups: Groups | None = None,
    log: Path | None = None,
    time_limit: float | None = None,
    progress: Callable[[GridProgress], None] | None = None,
) -> GridResult:
    """Test the configurations of a grid, none of them twice.

    Parameters
    ----------
    grid
        What to test.
    groups
        The instance's groups, if at hand.
    log
        File that records are kept in and taken from; None for memory only.
    time_limit
        Seconds after which no further configuration is begun; Ctrl-C ends the search too.
    progress
        Called after each configuration.

    Raises
    ------
    InputError
        If the log cannot be used.
    """
    groups = form_groups(instance) if groups is None else groups
    with nullcontext() if log is None else GridLog(log, instance) as opened:
        search = _Search(instance, groups, grid, opened)
        search.run(time_limit, progress)
        return search.result()


class _Search:
    """Records by configuration, and the best of them."""

    def __init__(self, instance: Instance, groups: Groups, grid: Grid, log: GridLog | None) -> None:
        self.start = time.monotonic()
        self.instance, self.groups, self.log = instance, groups, log
        self.planner = Planner(instance, groups)
        self.configurations = grid.configurations(groups)
        self.known: dict[Configuration, Record] = {}
        for record in () if log is None else log.records:
            self.known.setdefault(record.configuration, record)
        self.reused = len(self.known)
        self.last = max((record.number for record in self.known.values()), default=0)
        self.best = _best(list(self.known.values()))

    def run(self, time_limit: float | None, progress: Callable[[GridProgress], None] | None) -> None:
        """Test what is not known, until the time is up or the user interrupts."""
        wanted = [each for each in self.configurations if each not in self.known]
        tested = len(self.configurations) - len(wanted)
        try:
            for number, configuration in enumerate(wanted, start=1):
                if time_limit is not None and self._seconds() > time_limit:
                    break
                self._test(configuration)
                if progress is not None:
                    total = len(self.configurations)
                    progress(GridProgress(self._seconds(), tested + number, total, self.best))
        except KeyboardInterrupt:
            return

    def result(self) -> GridResult:
        """Return what is known, with the plan of the best configuration made anew."""
        plan = None if self.best is None else self.planner.plan(self.best.configuration)
        return GridResult(
            records=tuple(self.known.values()),
            best=self.best,
            plan=plan,
            total=len(self.configurations),
            tested=len(self.known) - self.reused,
            complete=all(each in self.known for each in self.configurations),
            seconds=self._seconds(),
        )

    def _test(self, configuration: Configuration) -> None:
        begin, number = time.perf_counter(), self.last + 1
        try:
            plan = self.planner.plan(configuration)
            evaluation = evaluate(self.instance, plan, self.groups)
            seconds = round(time.perf_counter() - begin, 6)
            record = evaluated(number, configuration, self.instance, evaluation, seconds)
        except Uncoverable as reason:
            seconds = round(time.perf_counter() - begin, 6)
            record = Record(number, configuration, "no plan", seconds=seconds, note=str(reason))
        best = _best([record] if self.best is None else [self.best, record])
        record = msgspec.structs.replace(record, best_so_far=None if best is None else best.number)
        self.known[configuration], self.last = record, number
        self.best = record if best is not None and best.number == number else self.best
        if self.log is not None:
            self.log.append(record)

    def _seconds(self) -> float:
        return time.monotonic() - self.start


def _best(records: Sequence[Record]) -> Record | None:
    """Return the best record that has a plan."""
    return min((r for r in records if r.cost is not None), key=lambda r: r.rank, default=None)
