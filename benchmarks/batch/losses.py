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
from benchmarks.batch.wire import Wire

WORKERS = 3
OPTIONS = {"time-limit": 30}

DAMAGES = ("workers killed", "workers frozen", "connections cut", "schedulers killed")
ORDER = (0, 2, 1, 0, 2, 3)
"""In which they come, again and again."""


class Cluster:
    """A Dask scheduler and workers on the loopback, each a process that may be killed."""

    def __init__(self, workers: int, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.address, self.folder = f"tcp://127.0.0.1:{self.port}", folder
        folder.mkdir(parents=True, exist_ok=True)
        self.scheduler = self._scheduler()
        self.wires = [Wire(self.port) for _ in range(workers)]
        self.workers = [self._worker(wire) for wire in self.wires]

    def replace_worker(self, index: int) -> None:
        """Kill a worker, and start another."""
        _kill(self.workers[index])
        self.workers[index] = self._worker(self.wires[index])

    def replace_ended(self) -> None:
        """Start another worker for each that has ended by itself."""
        for index, worker in enumerate(self.workers):
            if worker.poll() is not None:
                self.replace_worker(index)

    def replace_scheduler(self) -> None:
        """Kill the scheduler, and start another at the same address."""
        _kill(self.scheduler)
        self.scheduler = self._scheduler()

    def __enter__(self) -> Cluster:
        return self

    def __exit__(self, *_: object) -> None:
        for process in (*self.workers, self.scheduler):
            _kill(process)
        for wire in self.wires:
            wire.close()

    def _scheduler(self) -> subprocess.Popen[bytes]:
        return self._dask("scheduler", "--host", "127.0.0.1", "--port", str(self.port))

    def _worker(self, wire: Wire) -> subprocess.Popen[bytes]:
        # Without a nanny, which would start it again by itself.
        address = f"tcp://127.0.0.1:{wire.port}"
        return self._dask("worker", address, "--nthreads", "1", "--no-nanny", "--host", "127.0.0.1")

    def _dask(self, *words: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"{words[0]}.log").open("ab") as log:
            command = [sys.executable, "-m", "dask", *words, "--no-dashboard"]
            return subprocess.Popen(command, stdout=log, stderr=log)


def measure(work: Path, number: int, every: float = 4.0, seed: int = 0) -> list[str]:
    """Solve so many instances here and on a cluster that is torn at; return what is to be told."""
    write_good(work / "folder", number)
    here = finish(work / "folder", work / "here", *words_of({**OPTIONS, "jobs": 2}))
    stop, torn = threading.Event(), dict.fromkeys(DAMAGES, 0)
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
    """Do damage to a worker or the scheduler, again and again, and mend it."""
    turn = 0
    while not stop.wait(rng.uniform(0.5, 1.5) * every):
        victim, damage = rng.randrange(WORKERS), DAMAGES[ORDER[turn % len(ORDER)]]
        turn += 1
        torn[damage] += 1
        cluster.replace_ended()
        if damage == "workers killed":
            cluster.replace_worker(victim)
        elif damage == "connections cut":
            cluster.wires[victim].cut()
        elif damage == "schedulers killed":
            cluster.replace_scheduler()
        else:
            frozen = cluster.workers[victim]
            frozen.send_signal(signal.SIGSTOP)
            stop.wait(every)
            with contextlib.suppress(ProcessLookupError):
                frozen.send_signal(signal.SIGCONT)


def _kill(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
