"""The runner tries again what is lost, but not for ever, and believes nothing that comes back."""

from __future__ import annotations

import dataclasses
import gzip
import json
from collections.abc import Iterator
from concurrent.futures import CancelledError, Executor, Future
from pathlib import Path

import pytest

from instances import catalog
from milp.batch import tasks
from milp.batch.board import Board
from milp.batch.executors import Tell, threads
from milp.batch.intake import Planned, Task, take_in
from milp.batch.job import Job, JobLimits, Report
from milp.batch.run import _may_go_further
from milp.batch.runner import ATTEMPTS, Runner
from milp.batch.surroundings import versions
from milp.results.record import Outcome, Record
from milp.results.store import Store

LIMITS = JobLimits(4000.0, 60.0)
TASK = Task(
    "exact", {"time_limit": 30.0, "gap": 0.0, "workers": 1, "seed": 0}, LIMITS, versions()["batchproof"]
)


class Scripted:
    """A workforce that answers with what the script says, one entry a time that a job is handed out."""

    shared, room = True, 1

    def __init__(self, here: Executor, script: list[Report | Exception]) -> None:
        self.here, self.script, self.jobs = here, script, list[Job]()

    def submit(self, job: Job, tell: Tell) -> Future[Report]:
        """Answer at once."""
        self.jobs.append(job)
        future: Future[Report] = Future()
        answer = self.script.pop(0)
        if isinstance(answer, Report):
            future.set_result(answer)
        else:
            future.set_exception(answer)
        return future

    def forget(self, job_id: str) -> int:
        """Nothing starts by itself."""
        return 0

    def tend(self) -> list[str]:
        """Nothing is lost in silence."""
        return []


@pytest.fixture(scope="module")
def here() -> Iterator[Executor]:
    """Return a thread with slots."""
    with threads(1) as executor:
        yield executor


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Return a store that is held."""
    store = Store(tmp_path / "store")
    with store.writing():
        yield store


def planned(store: Store, here: Executor) -> Planned:
    """Return a job."""
    (entry,) = take_in([catalog.path("tiny/decimals")], TASK, store, here)
    assert isinstance(entry, Planned)
    return entry


def good_report(store: Store, here: Executor) -> Report:
    """Return what a sound worker reports."""
    solved = tasks.solve(planned(store, here).job(store), lambda point: None)
    return Report(Outcome.FINISHED, solved=solved, trace=solved.trace, versions=dict(versions()))


def run(store: Store, here: Executor, script: list[Report | Exception]) -> tuple[Record, Scripted]:
    """Run the job; return its record, and the workforce."""
    workforce = Scripted(here, script)
    runner = Runner(store, workforce, Board())
    runner.run([planned(store, here)])
    (record,) = runner.records
    assert store.records() == [record]
    return record, workforce


def test_a_lost_worker_is_replaced(store: Store, here: Executor, capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever error comes instead of a report, the job is started again, and that is said."""
    record, workforce = run(store, here, [OSError("gone"), CancelledError(), good_report(store, here)])
    assert (record.outcome, record.attempts) == (Outcome.FINISHED, 3)
    assert record.status == "certified optimal"
    assert len(workforce.jobs) == 3
    assert "decimals: OSError: gone; attempt 2 of 3" in capsys.readouterr().err


def test_no_job_is_tried_for_ever(store: Store, here: Executor) -> None:
    """After so many losses the job is recorded as lost."""
    record, workforce = run(store, here, [OSError("gone")] * (ATTEMPTS + 5))
    assert (record.outcome, record.error) == (Outcome.LOST, f"OSError: gone, {ATTEMPTS} times")
    assert len(workforce.jobs) == ATTEMPTS


def test_another_version_is_not_believed(store: Store, here: Executor) -> None:
    """A worker with another batchproof computes something else than was asked for."""
    good = good_report(store, here)
    other = dataclasses.replace(good, versions={**good.versions, "batchproof": "0.0.0"})
    record, _ = run(store, here, [other] * ATTEMPTS)
    assert record.outcome is Outcome.LOST
    assert "batchproof 0.0.0" in (record.error or "")


def test_a_result_is_verified_on_arrival(store: Store, here: Executor) -> None:
    """A worker that claims a better bound than its certificate proves is not believed."""
    good = good_report(store, here)
    assert good.solved is not None
    assert good.solved.certificate is not None
    content = json.loads(gzip.decompress(good.solved.certificate))
    content["lower_bound"] = content["upper_bound"] = 1
    forged = dataclasses.replace(good.solved, certificate=gzip.compress(json.dumps(content).encode()))
    record, _ = run(store, here, [dataclasses.replace(good, solved=forged)])
    assert record.outcome is Outcome.REJECTED
    assert (record.status, record.cost, record.lower_bound) == (None, None, None)
    assert (record.error or "").startswith("the certificate is rejected: the plan")
    assert list((store.folder / "certificates").iterdir()) == []


@pytest.mark.parametrize("certificate", [None, b"", b"no gzip", gzip.compress(b"{}", mtime=0)])
def test_a_result_without_a_certificate_is_none(
    certificate: bytes | None, store: Store, here: Executor
) -> None:
    """What does not prove anything is an outcome, and stops nothing."""
    good = good_report(store, here)
    assert good.solved is not None
    report = dataclasses.replace(good, solved=dataclasses.replace(good.solved, certificate=certificate))
    record, _ = run(store, here, [report])
    assert record.outcome is Outcome.REJECTED
    assert record.status is None


def test_the_record_says_what_the_verifier_found(store: Store, here: Executor) -> None:
    """Cost and bound are the verifier's, whatever the worker says beside the certificate."""
    good = good_report(store, here)
    assert good.solved is not None
    boast = dataclasses.replace(good.solved, record={**good.solved.record, "value": 1, "lower_bound": 2})
    record, _ = run(store, here, [dataclasses.replace(good, solved=boast)])
    assert record.outcome is Outcome.FINISHED
    assert record.value == record.lower_bound == good.solved.record["value"]


def test_failures_are_tried_again_when_they_may_end_otherwise() -> None:
    """What was stopped at a limit is tried again under a higher one; a crash only if it is asked for."""

    def again(outcome: Outcome, memory: float | None, seconds: float) -> bool:
        known = Record(
            id="x", outcome=outcome, instance="x", source="x", engine="exact", settings={}, version="1",
            limits={"memory_mib": 100.0, "seconds": 60.0},
        )  # fmt: skip
        return _may_go_further(known, JobLimits(memory, seconds))

    assert not again(Outcome.MEMORY, 100.0, 60.0)
    assert again(Outcome.MEMORY, 101.0, 60.0)
    assert again(Outcome.MEMORY, None, 60.0)
    assert not again(Outcome.MEMORY, 100.0, 1000.0)
    assert again(Outcome.TIME, 100.0, 61.0)
    assert not again(Outcome.TIME, None, 60.0)
    assert not again(Outcome.TIME, 50.0, 59.0)
    assert not again(Outcome.CRASHED, None, 1000.0)
    assert again(Outcome.LOST, 100.0, 60.0)
