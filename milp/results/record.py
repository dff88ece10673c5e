"""One record: what became of an instance under an engine, settings and a version."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from pathlib import Path
from typing import Any

import msgspec

from instances.errors import InputError
from instances.files.raw import read_text

FORMAT = "batchproof-record/1"

Exact = int | str | None
"""An exact number as JSON holds it: an integer, a string ``p/q``, or nothing."""


class Outcome(StrEnum):
    """How a job ended."""

    FINISHED = "finished"
    """The search ended by itself, and the verifier accepted what it certifies."""
    REJECTED = "rejected"
    """The verifier rejects the certificate that came back."""
    BAD_INPUT = "bad input"
    """The instance, or what was asked, cannot be used."""
    MEMORY = "out of memory"
    TIME = "out of time"
    """It did not end by itself, and was stopped."""
    CRASHED = "crashed"
    LOST = "lost"
    """Its worker was lost as often as it was tried."""


@dataclass(frozen=True)
class Key:
    """What a record is about; equal keys mean that nothing needs to be computed again.

    Parameters
    ----------
    digest
        SHA-256 of the instance.
    engine
        Name of the engine.
    settings
        Arguments of the search, JSON values.
    version
        Version of batchproof.
    """

    digest: str
    engine: str
    settings: dict[str, Any]
    version: str

    @property
    def id(self) -> str:
        """A name for files: some of the instance's digest, the engine, some of the digest of the rest."""
        rest = json.dumps([self.digest, self.engine, self.settings, self.version], sort_keys=True)
        return f"{self.digest[:16]}-{self.engine}-{hashlib.sha256(rest.encode()).hexdigest()[:12]}"


class StoredFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file of the store: its path in it, and the SHA-256 of its bytes."""

    path: str
    sha256: str


class TracePoint(msgspec.Struct, frozen=True, array_like=True):
    """Where a search stood: seconds since its start, phase, cost of the incumbent, certified bound."""

    seconds: float
    phase: str
    incumbent: Exact
    lower_bound: Exact


class Record(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What became of one job.

    The keys that `solve --json` prints mean the same here; numbers that are exact there are exact here.

    Parameters
    ----------
    id
        Name of the record's files.
    outcome, error
        How the job ended, and why if it is not ``finished``, in one line.
    instance, digest, source
        Name of the instance, its SHA-256 (None if it cannot be read) and the file that it came from.
    engine, settings, version
        The rest of the key.
    limits
        ``memory_mib`` and ``seconds`` at which the job would have been stopped.
    status, certified, minimized, value, lower_bound, gap
        What the verifier found when the result arrived; None if the job is not finished. `value` and the
        bound are of the metric that is minimised.
    cost
        Cost of the plan.
    claimed_bound
        What the engine claims; never certified.
    certificate, plan, leaves
        Files in the store, and the cases of the certificate.
    evaluation
        Metrics of the plan, as `evaluate --json` prints them.
    requests, distinct_lengths, streams
        Size of the instance.
    runtime_s, times_s, verify_s, wall_s, cpu_s
        Seconds: the search and by phase, verification on arrival, the job with its start, its processor time.
    peak_mib
        Largest resident memory, in MiB.
    attempts
        How often the job was started.
    started
        When, in UTC.
    versions, machine
        What it ran with and on.
    trace
        Incumbent and bound over time.
    log
        The last lines that a crashed job printed.
    """

    format: str = FORMAT
    id: str
    outcome: Outcome
    error: str | None = None
    instance: str
    digest: str | None = None
    source: str
    engine: str
    settings: dict[str, Any]
    version: str
    limits: dict[str, float | None]
    status: str | None = None
    certified: bool = False
    minimized: str = "cost"
    value: Exact = None
    value_float: float | None = None
    cost: Exact = None
    cost_float: float | None = None
    lower_bound: Exact = None
    lower_bound_float: float | None = None
    gap: Exact = None
    gap_float: float | None = None
    claimed_bound: Exact = None
    claimed_bound_float: float | None = None
    certificate: StoredFile | None = None
    plan: StoredFile | None = None
    leaves: int | None = None
    evaluation: dict[str, Any] = msgspec.field(default_factory=dict)
    requests: int | None = None
    distinct_lengths: int | None = None
    streams: int | None = None
    runtime_s: float | None = None
    times_s: dict[str, float] = msgspec.field(default_factory=dict)
    verify_s: float | None = None
    wall_s: float | None = None
    cpu_s: float | None = None
    peak_mib: float | None = None
    attempts: int = 1
    started: str = ""
    versions: dict[str, str] = msgspec.field(default_factory=dict)
    machine: dict[str, Any] = msgspec.field(default_factory=dict)
    trace: list[TracePoint] = msgspec.field(default_factory=list)
    log: str = ""

    @property
    def label(self) -> str:
        """What people call the instance."""
        return label_of(self.source)

    @property
    def key(self) -> Key | None:
        """What it is about; None without an instance."""
        if self.digest is None:
            return None
        return Key(self.digest, self.engine, self.settings, self.version)


def label_of(source: str) -> str:
    """Return what people call an instance: its file without folder and ending. Names may be the same."""
    return Path(source).name.removesuffix(".gz").removesuffix(".json")


def encode_record(record: Record) -> bytes:
    """Return a record as JSON; integers of any size are written in full."""
    text = json.dumps(msgspec.to_builtins(record), ensure_ascii=False).encode()
    return msgspec.json.format(text, indent=1) + b"\n"


def read_record(path: Path) -> Record:
    """Read a record.

    Raises
    ------
    InputError
        If the file is missing or is no record.
    """
    data = read_text(path)
    try:
        # The standard library reads integers of any size; msgspec stops at 64 bits.
        record = msgspec.convert(json.loads(data), Record)
        for value in (record.value, record.cost, record.lower_bound, record.gap, record.claimed_bound):
            fraction_of(value)
    except (ValueError, RecursionError) as error:
        raise InputError("a record of results", str(error), file=path) from None
    if record.format != FORMAT:
        raise InputError(FORMAT, record.format, file=path, field="format")
    return record


def fraction_of(value: Exact) -> Fraction | None:
    """Return an exact number of a record.

    Raises
    ------
    ValueError
        If it is none.
    """
    try:
        return None if value is None else Fraction(value)
    except ZeroDivisionError:
        raise ValueError(f"no number: {value}") from None
