"""Jobs on a Dask cluster give what they give here, whatever happens to its workers and its scheduler."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

import milp
from instances import catalog, read
from instances.exact import exact_text
from milp.results import recheck
from milp.results.store import Store
from tests.milp.runs import GOOD, INFEASIBLE, OPTIONS, ROOT, fill

pytest.importorskip("distributed")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of instances."""
    return fill(tmp_path_factory.mktemp("cluster") / "folder", slow=False)


class Cluster:
    """A scheduler and a worker, each in a process that may be killed."""

    def __init__(self, log: Path) -> None:
        self.log = log.open("ab")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.address = f"tcp://127.0.0.1:{self.port}"
        self.scheduler, self.worker = self.start_scheduler(), self.start_worker()

    def start_scheduler(self) -> subprocess.Popen[bytes]:
        """Start a scheduler."""
        return self._dask("scheduler", "--host", "127.0.0.1", "--port", str(self.port))

    def start_worker(self) -> subprocess.Popen[bytes]:
        """Start a worker of one thread."""
        return self._dask("worker", self.address, "--nthreads", "1", "--no-nanny", "--host", "127.0.0.1")

    def close(self) -> None:
        """Kill both."""
        for process in (self.worker, self.scheduler):
            process.kill()
            process.wait()
        self.log.close()

    def _dask(self, *words: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "dask", *words, "--no-dashboard"]
        return subprocess.Popen(command, cwd=ROOT, stdout=self.log, stderr=self.log)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    """Return a cluster."""
    cluster = Cluster(tmp_path / "log")
    yield cluster
    cluster.close()


def test_a_cluster_that_is_torn_at_gives_what_this_machine_gives(
    folder: Path, cluster: Cluster, tmp_path: Path
) -> None:
    """With its worker killed, then its scheduler, the results are those of this process, and hold."""
    there = tmp_path / "there"
    words = [str(folder), "--out", str(there), *OPTIONS, "--scheduler", cluster.address]
    command = [sys.executable, "-m", "milp", "batch", *words]
    run = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
    try:
        _wait_for_records(there, 2, run)
        cluster.worker.kill()
        cluster.worker.wait()
        cluster.worker = cluster.start_worker()
        _wait_for_records(there, 3, run)
        cluster.scheduler.kill()
        cluster.scheduler.wait()
        cluster.scheduler = cluster.start_scheduler()
        # A worker that has lost its scheduler may end.
        cluster.worker.kill()
        cluster.worker.wait()
        cluster.worker = cluster.start_worker()
        _, err = run.communicate(timeout=120)
    finally:
        run.kill()
        run.communicate()
    assert run.returncode == 1
    assert b"Traceback" not in err
    found = {r.label: (r.status, r.cost, r.lower_bound) for r in Store(there).records() if r.certified}
    assert found.keys() == {Path(name).name for name in (*GOOD, INFEASIBLE)}
    for name in GOOD:
        mine = milp.solve(read(catalog.path(name)), workers=1)
        assert mine.cost is not None
        assert mine.lower_bound is not None
        exact = (exact_text(mine.cost), exact_text(mine.lower_bound))
        assert found[Path(name).name] == (mine.status, *exact)
    assert [one.reason for one in recheck(there)] == [None] * 6


def test_a_task_that_is_lost_on_its_way_is_handed_out_again(
    folder: Path, cluster: Cluster, tmp_path: Path, batchproof: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sent in the moment in which a scheduler goes away, it is known to nobody, and nothing is ever said."""
    from distributed.cfexecutor import ClientExecutor

    really, swallowed = ClientExecutor.submit, list[str]()
    lost = Future[Any]()
    # A run that waits for ever shall fail here, not hang.
    patience = threading.Timer(120, lost.set_exception, [TimeoutError("nobody asked")])
    patience.start()

    def submit(self: ClientExecutor, *arguments: Any, key: str) -> Any:
        if not swallowed:
            swallowed.append(key)
            return lost
        return really(self, *arguments, key=key)

    monkeypatch.setattr(ClientExecutor, "submit", submit)
    monkeypatch.setattr("milp.batch.cluster.COUNTING", 0.5)
    store = tmp_path / "store"
    try:
        batchproof("batch", folder, "--out", store, *OPTIONS, "--scheduler", cluster.address)
    finally:
        patience.cancel()
    found = Store(store).records()
    assert swallowed
    assert lost.cancelled()
    certified = {Path(record.label).name for record in found if record.certified}
    assert certified == {Path(name).name for name in (*GOOD, INFEASIBLE)}
    assert max(record.attempts for record in found) == 2


def test_no_scheduler_is_bad_input(
    folder: Path, tmp_path: Path, batchproof: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An address at which nothing listens is one line."""
    monkeypatch.setattr("milp.batch.cluster.CONNECTING", 0.5)
    outcome = batchproof("batch", folder, "--out", tmp_path / "store", "--scheduler", "tcp://127.0.0.1:1")
    assert outcome.code == 2
    assert "tcp://127.0.0.1:1: expected a Dask scheduler" in outcome.err
    assert len([line for line in outcome.err.splitlines() if "batchproof: error" in line]) == 1


def _wait_for_records(store: Path, number: int, run: subprocess.Popen[bytes]) -> None:
    for _ in range(1200):
        if len(Store(store).record_files()) >= number:
            return
        assert run.poll() is None
        time.sleep(0.05)
    raise AssertionError("no records")
