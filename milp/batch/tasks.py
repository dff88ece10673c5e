"""What a child process does: read an instance, solve one, check a result."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from instances.errors import InputError
from milp.batch.job import Job, Solved
from milp.results.record import TracePoint

if TYPE_CHECKING:
    import milp
    from milp.certificate import Certificate

TRACE_INTERVAL = 0.1
"""Least time between two points of a trace, in seconds; the last one always counts."""

Tell = Callable[[TracePoint], None]


@dataclass(frozen=True)
class TakenIn:
    """An instance that was read and put into the store."""

    digest: str
    name: str
    requests: int
    distinct_lengths: int
    streams: int


@dataclass(frozen=True)
class Checked:
    """What the verifier says of a result that arrived, and the metrics of its plan."""

    verdict: dict[str, Any]
    evaluation: dict[str, Any]


def take_in(path: Path, folder: Path) -> TakenIn:
    """Read an instance and put it into the store, in one file whatever it was made of."""
    from instances import digest, read, write
    from milp.results.store import Store

    instance = read(path)
    name = digest(instance)
    stored = Store(folder).instance_file(name)
    if not stored.exists():
        write(instance, stored, inline=True)
    rows = sum(stream.demand.rows for stream in instance.streams)
    return TakenIn(name, instance.name, instance.requests, rows, len(instance.streams))


def solve(job: Job, tell: Tell) -> Solved:
    """Search, and tell where the search stands whenever that changes."""
    import milp
    from instances import digest
    from instances.exact import exact_text
    from instances.files.instance_file import parse
    from milp.cli.records import result_record

    # What travels is a file of a store, which is all of an instance.
    instance = parse(gzip.decompress(job.instance), Path(f"{job.key.digest}.json"))
    if digest(instance) != job.key.digest:
        raise InputError(f"instance {job.key.digest}", digest(instance), field=job.name)
    trace: list[TracePoint] = []
    due = 0.0

    def follow(progress: milp.Progress) -> None:
        nonlocal due
        values = [None if v is None else exact_text(v) for v in (progress.incumbent, progress.lower_bound)]
        known = [] if not trace else [trace[-1].incumbent, trace[-1].lower_bound]
        if values == known or progress.seconds < due:
            return
        due = progress.seconds + TRACE_INTERVAL
        trace.append(TracePoint(round(progress.seconds, 3), progress.phase, *values))
        tell(trace[-1])

    result = milp.solve(instance, engine=job.key.engine, progress=follow, **job.key.settings)
    record = result_record(result)
    trace.append(TracePoint(record["runtime_s"], "end", record["value"], record["lower_bound"]))
    return Solved(record, _packed(result.certificate), trace)


def _packed(certificate: Certificate | None) -> bytes | None:
    from milp.certificate_file import encode_certificate

    return None if certificate is None else gzip.compress(encode_certificate(certificate), 6, mtime=0)


def check(instance_file: Path, certificate: bytes, folder: Path, record_id: str) -> Checked:
    """Verify a certificate against the instance in the store; keep it, and its plan, if it holds."""
    from instances import read, write_plan
    from milp.certificate_file import read_certificate
    from milp.cli.records import evaluation_record, verdict_record
    from milp.results.store import Store
    from milp.verifier import verify

    store = Store(folder)
    instance = read(instance_file)
    with store.arriving(certificate, store.certificate_file(record_id)) as arrived:
        proof = read_certificate(arrived.path)
        verdict = verify(instance, proof)
        arrived.kept = verdict.certified
    if not verdict.certified:
        return Checked(verdict_record(verdict, instance.minimize), {})
    metrics: dict[str, Any] = {}
    if proof.plan is not None and verdict.evaluation is not None:
        metrics = evaluation_record(instance, proof.plan, verdict.evaluation)
        write_plan(proof.plan, instance, store.plan_file(record_id))
    return Checked(verdict_record(verdict, instance.minimize), metrics)
