"""A run from folders to a summary."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from milp.batch.board import Board
from milp.batch.executors import LocalWorkforce, Workforce, threads
from milp.batch.intake import Planned, Task, find_files, split, take_in, unusable_id
from milp.batch.job import JobLimits
from milp.batch.nursery import nursery_of
from milp.batch.runner import Runner
from milp.batch.slot import stop_all
from milp.batch.surroundings import cores
from milp.results.best import write_best
from milp.results.record import Outcome, Record
from milp.results.store import Store


@dataclass
class Summary:
    """What became of a run.

    Parameters
    ----------
    files
        Number of files.
    records
        Records of this run, in the order in which they were made; of files that cannot be used first.
    kept
        Records of earlier runs that answer for files of this one.
    interrupted
        Whether it was stopped before its end.
    """

    files: int
    records: list[Record] = field(default_factory=list)
    kept: list[Record] = field(default_factory=list)
    interrupted: bool = False

    @property
    def failed(self) -> list[Record]:
        """The records of what did not finish, earlier ones too."""
        return [r for r in [*self.kept, *self.records] if r.outcome is not Outcome.FINISHED]

    @property
    def repeated(self) -> int:
        """How many files hold the problem of another one; it is solved once."""
        return 0 if self.interrupted else self.files - len(self.records) - len(self.kept)

    @property
    def statuses(self) -> dict[str, int]:
        """How often each status, or outcome of what did not finish, occurs."""
        found = Counter(record.status or record.outcome.value for record in [*self.kept, *self.records])
        return dict(sorted(found.items()))


def run_batch(
    places: Sequence[Path],
    store: Store,
    task: Task,
    board: Board,
    *,
    jobs: int | None,
    patterns: Sequence[str] = (),
    scheduler: str | None = None,
    resume: bool = True,
    retry_failed: bool = False,
) -> Summary:
    """Solve every instance in folders, and record the results.

    Parameters
    ----------
    places
        Folders, or files.
    store
        Where results go.
    task
        What is asked of every instance.
    board
        What is shown.
    jobs
        Jobs at a time; None for as many as there are cores, or twice as many as the cluster has threads.
    patterns
        Globs, one of which a file has to match; none for all.
    scheduler
        Address of a Dask scheduler, whose workers run the jobs; None for this machine.
    resume
        Whether results of earlier runs count.
    retry_failed
        Whether failures of earlier runs are tried again; those that were stopped at lower limits are anyway.

    Raises
    ------
    InputError
        If there is nothing to solve, the store cannot be written to, or there is no such scheduler.
    """
    files = find_files(places, patterns, store.folder)
    summary = Summary(len(files))
    with store.writing(), _workforce(jobs, scheduler, board) as workforce:
        try:
            _run(files, store, task, board, workforce, summary, resume, retry_failed)
        except KeyboardInterrupt:
            summary.interrupted = True
            stop_all()
        write_best(store, store.records())
    return summary


def _run(
    files: list[Path],
    store: Store,
    task: Task,
    board: Board,
    workforce: Workforce,
    summary: Summary,
    resume: bool,
    retry_failed: bool,
) -> None:
    def finished(record: Record) -> bool:
        if record.outcome is Outcome.FINISHED:
            return store.damage(record) is None
        return not retry_failed and not _may_go_further(record, task.limits)

    board.reading(len(files))
    known = {record.id: record for record in store.records()} if resume else {}
    if workforce.shared and not known:
        # There is something to solve: solvers get ready while files are read.
        nursery_of(task.engine)
    planned = []
    for file, entry in zip(files, take_in(files, task, store, workforce.here), strict=True):
        planned.append(entry)
        if isinstance(entry, Planned):
            # It may have been unusable before.
            store.forget(unusable_id(file))
    todo, summary.kept, unusable = split(planned, known, finished=finished)
    board.begin(len(todo) + len(unusable), len(summary.kept))
    for record in unusable:
        store.add(record)
        summary.records.append(record)
        board.ended(record)
    runner = Runner(store, workforce, board)
    try:
        runner.run(todo)
    finally:
        summary.records += runner.records


def _may_go_further(record: Record, limits: JobLimits) -> bool:
    """Tell whether a job that failed may end otherwise now: it was lost, or stopped at a lower limit."""
    memory, seconds = record.limits.get("memory_mib"), record.limits.get("seconds")
    if record.outcome is Outcome.MEMORY:
        return memory is not None and (limits.memory_mib is None or limits.memory_mib > memory)
    if record.outcome is Outcome.TIME:
        return seconds is not None and limits.seconds > seconds
    return record.outcome in (Outcome.LOST, Outcome.REJECTED)


@contextmanager
def _workforce(jobs: int | None, scheduler: str | None, board: Board) -> Iterator[Workforce]:
    at_once = jobs or cores()
    with threads(at_once if scheduler is None else cores()) as here:
        if scheduler is None:
            yield LocalWorkforce(at_once, here)
            return
        from milp.batch.cluster import ClusterWorkforce

        with ClusterWorkforce(scheduler, here, board, jobs) as workforce:
            yield workforce
