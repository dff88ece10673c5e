"""What travels to a worker, and what comes back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from milp.results.record import Key, Outcome, TracePoint


@dataclass(frozen=True)
class JobLimits:
    """Where a job is stopped, if it does not end by itself.

    Parameters
    ----------
    memory_mib
        Resident memory of its process and of what that started, in MiB; None for no limit.
    seconds
        Wall time.
    """

    memory_mib: float | None
    seconds: float


@dataclass(frozen=True)
class Job:
    """One search.

    Parameters
    ----------
    key
        What it is about.
    name
        Name of the instance.
    instance
        The instance's file, gzipped JSON: a worker shares no disk with whoever sends the job.
    limits
        Where it is stopped.
    """

    key: Key
    name: str
    instance: bytes = field(repr=False)
    limits: JobLimits


@dataclass(frozen=True)
class Solved:
    """What a search found, as its process tells it.

    Parameters
    ----------
    record
        What `solve --json` prints.
    certificate
        The certificate's file, gzipped JSON; None if there is none.
    trace
        Incumbent and bound over time.
    """

    record: dict[str, Any]
    certificate: bytes | None = field(repr=False)
    trace: list[TracePoint]


@dataclass(frozen=True)
class Report:
    """How a job ended.

    Parameters
    ----------
    outcome, error
        How, and why if it is not ``finished``.
    solved
        What it found; None unless it finished.
    trace
        Incumbent and bound over time, as far as it is known.
    wall_s, cpu_s, peak_mib
        Wall and processor time in seconds, and the largest resident memory in MiB; None where unknown.
    log
        The last lines that it printed, if it failed.
    versions, machine
        What it ran with and on.
    """

    outcome: Outcome
    error: str | None = None
    solved: Solved | None = None
    trace: list[TracePoint] = field(default_factory=list)
    wall_s: float | None = None
    cpu_s: float | None = None
    peak_mib: float | None = None
    log: str = ""
    versions: dict[str, str] = field(default_factory=dict)
    machine: dict[str, Any] = field(default_factory=dict)
