"""Folders become jobs: every file is read in a process of its own and put into the store."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from instances.errors import InputError
from milp.batch import tasks
from milp.batch.job import Job, JobLimits
from milp.batch.slot import slot_of_thread
from milp.batch.tasks import TakenIn
from milp.results.record import Key, Outcome, Record, label_of
from milp.results.store import Store

ENDINGS = (".json", ".json.gz")
"""Of instance files."""


@dataclass
class Planned:
    """A job to run.

    Parameters
    ----------
    key, limits
        What it is about, and where it is stopped.
    source
        The file that it came from.
    taken
        What was read.
    started
        When it was first started, in UTC; empty before.
    attempts
        How often it was handed out.
    restarts
        How often it was started again besides.
    """

    key: Key
    limits: JobLimits
    source: str
    taken: TakenIn
    started: str = ""
    attempts: int = 0
    restarts: int = 0

    @property
    def label(self) -> str:
        """What people call it."""
        return label_of(self.source)

    def job(self, store: Store) -> Job:
        """Return what travels."""
        content = store.instance_file(self.key.digest).read_bytes()
        return Job(self.key, self.label, content, self.limits)


@dataclass(frozen=True)
class Task:
    """What is asked of every instance: engine, settings of the search, limits, version."""

    engine: str
    settings: dict[str, Any]
    limits: JobLimits
    version: str


def find_files(places: Sequence[Path], patterns: Sequence[str], store: Path) -> list[Path]:
    """Return the instance files in folders, all the way down, in ascending order.

    Parameters
    ----------
    places
        Folders, or single files, which are taken whatever they are called.
    patterns
        Globs, one of which the path in the folder, or the name, has to match; none for all.
    store
        A folder to leave out: results are no instances.

    Raises
    ------
    InputError
        If there is no such place, or not one file.
    """
    found: dict[Path, None] = {}
    for place in places:
        if not place.exists():
            raise InputError("an existing folder or file", file=place)
        for file in _walk(place, store.resolve()) if place.is_dir() else [place]:
            inside = file.relative_to(place).as_posix() if place.is_dir() else file.name
            if not patterns or any(fnmatch(inside, p) or fnmatch(file.name, p) for p in patterns):
                found[file] = None
    if not found:
        which = f" matching {', '.join(patterns)}" if patterns else ""
        raise InputError(f"instance files (*.json, *.json.gz){which}", "none", file=places[0])
    return list(found)


def _walk(folder: Path, store: Path) -> list[Path]:
    files = (path for path in folder.rglob("*") if path.name.endswith(ENDINGS))
    return sorted(path for path in files if path.is_file() and not path.resolve().is_relative_to(store))


def take_in(files: Iterable[Path], task: Task, store: Store, pool: Executor) -> Iterator[Planned | Record]:
    """Yield a job for every file, or the record of a file that cannot be used, in order.

    Raises
    ------
    milp.batch.slot.Stopped
        If the run was stopped.
    """

    def read(path: Path) -> Planned | Record:
        ended = slot_of_thread(None).call(tasks.take_in, path, store.folder, limits=task.limits)
        if ended.outcome is not Outcome.FINISHED:
            return _unusable(path, task, ended.outcome, ended.error or "", ended.log)
        key = Key(ended.value.digest, task.engine, task.settings, task.version)
        return Planned(key, task.limits, str(path), ended.value)

    yield from pool.map(read, files)


def _unusable(path: Path, task: Task, outcome: Outcome, error: str, log: str) -> Record:
    limits = {"memory_mib": task.limits.memory_mib, "seconds": task.limits.seconds}
    return Record(
        id=unusable_id(path),
        outcome=outcome,
        error=error,
        instance=path.name,
        source=str(path),
        engine=task.engine,
        settings=task.settings,
        version=task.version,
        limits=limits,
        log="" if outcome is Outcome.BAD_INPUT else log,
    )


def unusable_id(path: Path) -> str:
    """Return the id of the record of a file that cannot be used: it has no instance to go by."""
    return f"unusable-{hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:16]}"


def split(
    planned: Iterable[Planned | Record],
    known: dict[str, Record],
    *,
    finished: Callable[[Record], bool],
) -> tuple[list[Planned], list[Record], list[Record]]:
    """Return the jobs to run, the records that are kept, and those of files that cannot be used.

    Equal jobs are run once, whatever their files are called.
    """
    jobs: dict[str, Planned] = {}
    kept: dict[str, Record] = {}
    unusable = []
    for entry in planned:
        if isinstance(entry, Record):
            unusable.append(entry)
            continue
        record = known.get(entry.key.id)
        if record is not None and finished(record):
            kept[record.id] = record
        else:
            jobs.setdefault(entry.key.id, entry)
    return list(jobs.values()), list(kept.values()), unusable
