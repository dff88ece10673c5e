"""A cluster that loses its workers and its scheduler gives the results of this machine."""

from __future__ import annotations

import contextlib
import random
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

from benchmarks.batch.checks import bounds, broken
from benchmarks.batch.folder import write_good
from benchmarks.batch.running import finish, words_of

WORKERS = 3
OPTIONS = {"time-limit": 30}


class Cluster:
    """A Dask scheduler and workers on the loopback, each a process that may be killed."""

    def __init__(self, workers: int, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.address, self.folder = f"tcp://127.0.0.1:{self.port}", folder
        folder.mkdir(parents=True, exist_ok=True)
        self.scheduler = self._scheduler()
        self.workers = [self._worker() for _ in range(workers)]

    def replace_worker(self, index: int) -> None:
        """Kill a worker, and start another."""
        _kill(self.workers[index])
        self.workers[index] = self._worker()

    def replace_scheduler(self) -> None:
        """Kill the scheduler, and start another at the same address."""
        _kill(self.scheduler)
        self.scheduler = self._scheduler()

    def __enter__(self) -> Cluster:
        return self

    def __exit__(self, *_: object) -> None:
        for process in (*self.workers, self.scheduler):
            _kill(process)

    def _scheduler(self) -> subprocess.Popen[bytes]:
        return self._dask("scheduler", "--host", "127.0.0.1", "--port", str(self.port))

    def _worker(self) -> subprocess.Popen[bytes]:
        # Without a nanny, which would start it again by itself.
        return self._dask("worker", self.address, "--nthreads", "1", "--no-nanny", "--host", "127.0.0.1")

    def _dask(self, *words: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"{words[0]}.log").open("ab") as log:
            command = [sys.executable, "-m", "dask", *words, "--no-dashboard"]
            return subprocess.Popen(command, stdout=log, stderr=log)


def measure(work: Path, number: int, every: float = 4.0, seed: int = 0) -> list[str]:
    """Solve so many instances here and on a cluster that is torn at; return what is to be told."""
    write_good(work / "folder", number)
    here = finish(work / "folder", work / "here", *words_of({**OPTIONS, "jobs": 2}))
    stop, torn = threading.Event(), {"workers killed": 0, "workers frozen": 0, "schedulers killed": 0}
    with Cluster(WORKERS, work / "logs") as cluster:
        tearing = threading.Thread(target=_tear, args=(cluster, stop, torn, every, random.Random(seed)))
        tearing.start()
        try:
            words = words_of({**OPTIONS, "scheduler": cluster.address})
            there = finish(work / "folder", work / "there", *words)
        finally:
            stop.set()
            tearing.join()
    wrong = broken(work / "there")
    mine, theirs = bounds(work / "here"), bounds(work / "there")
    wrong += [
        f"{name}: {theirs.get(name)}, not {mine[name]}" for name in mine if mine[name] != theirs.get(name)
    ]
    again = sum("attempt" in line or "starts it again" in line for line in there.err.splitlines())
    losses = ", ".join(f"{count} {what}" for what, count in torn.items())
    return [
        f"{number} instances, {len(theirs)} solved on {WORKERS} workers in {there.seconds:.0f} s "
        f"(here: {here.seconds:.0f} s); {losses}; {again} jobs started again; exit code {there.code}",
        *wrong,
    ]


def _tear(
    cluster: Cluster, stop: threading.Event, torn: dict[str, int], every: float, rng: random.Random
) -> None:
    """Kill a worker again and again; freeze one, and kill the scheduler, now and then."""
    turn = 0
    while not stop.wait(rng.uniform(0.5, 1.5) * every):
        turn += 1
        victim = rng.randrange(WORKERS)
        if turn % 6 == 4:
            torn["schedulers killed"] += 1
            cluster.replace_scheduler()
        elif turn % 6 == 2:
            torn["workers frozen"] += 1
            frozen = cluster.workers[victim]
            frozen.send_signal(signal.SIGSTOP)
            stop.wait(every)
            with contextlib.suppress(ProcessLookupError):
                frozen.send_signal(signal.SIGCONT)
        else:
            torn["workers killed"] += 1
            cluster.replace_worker(victim)


def _kill(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
