"""Jobs on a Dask cluster, through the executor of its client.

Dask starts a task again by itself if its worker dies. What it cannot see to is done here: a scheduler that
goes away and comes back, tasks and subscriptions that are lost on the way to it, a worker that never answers,
and jobs that nobody waits for any more.
"""

from __future__ import annotations

import contextlib
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from typing import Any

from instances.errors import InputError
from milp.batch.board import Board
from milp.batch.executors import Tell
from milp.batch.job import Job, Report
from milp.batch.surroundings import versions
from milp.batch.worker import perform
from milp.results.record import TracePoint

CONNECTING = 20.0
"""Seconds to wait for the scheduler."""

CONNECTIONS = 6
"""How often a scheduler that is gone is sought before the run ends."""

GRACE = 120.0
"""Seconds beyond a job's limit after which its worker counts as lost."""

LEAST_ROOM = 16
"""Jobs that are handed out even without a worker: clusters that grow by themselves wait for them."""

COUNTING = 10.0
"""Seconds between two counts of the workers."""

MISSES = 2
"""Counts in a row in which the scheduler does not know a task, after which the task counts as lost."""

STARTED = "started"


@dataclass
class _Sent:
    """A job that was handed out."""

    job: Job
    tell: Tell
    task: str
    starts: int = 0
    since: float | None = None
    misses: int = 0


class ClusterWorkforce:
    """Jobs on the workers of a Dask cluster.

    Parameters
    ----------
    address
        Of the scheduler, such as ``tcp://10.0.0.1:8786``.
    here
        Runs what is done on this machine.
    board
        Where losses are said.
    jobs
        Jobs that are handed out at a time; None for twice the threads of the cluster.
    """

    shared = False

    def __init__(self, address: str, here: Executor, board: Board, jobs: int | None = None) -> None:
        self.here = here
        self._jobs = jobs
        self._address, self._board = address, board
        self._topic = f"batchproof-{uuid.uuid4().hex}"
        self._sent: dict[str, _Sent] = {}
        self._threads, self._counted = 0, 0.0
        self._count: Future[Any] | None = None
        self._states: Future[Any] | None = None
        self._client = self._connected()
        self._executor: Any = self._client.get_executor()

    @property
    def room(self) -> int:
        """Twice the threads of the cluster, unless it is said: one job runs, one waits at the worker."""
        return self._jobs or max(LEAST_ROOM, 2 * self._threads)

    def submit(self, job: Job, tell: Tell) -> Future[Report]:
        """Hand a job out."""
        task = f"{job.key.id}-{uuid.uuid4().hex}"
        self._sent[job.key.id] = _Sent(job, tell, task)
        if self._client.status in ("running", "connecting"):
            # The client may be lost in this very moment, and says so in many ways.
            with contextlib.suppress(Exception):
                return self._submitted(job, task)
        self._reconnect()
        return self._submitted(job, task)

    def _submitted(self, job: Job, task: str) -> Future[Report]:
        future: Future[Report] = self._executor.submit(perform_there, job, self._topic, key=task)
        return future

    def forget(self, job_id: str) -> int:
        """Expect no more of a job; return how often Dask started it again."""
        sent = self._sent.pop(job_id, None)
        return 0 if sent is None else max(0, sent.starts - 1)

    def tend(self) -> list[str]:
        """Ask the scheduler now and then; return the jobs that are lost or whose workers do not answer."""
        now = time.monotonic()
        if now - self._counted > COUNTING:
            self._counted = now
            self._take_count()
            self._count = _aside(self._client.scheduler_info, n_workers=-1)
            self._take_states()
            self._states = _aside(_states_of, self._client, [sent.task for sent in self._sent.values()])
            # A scheduler that came back at the same address knows of no subscription.
            with contextlib.suppress(Exception):
                self._client.subscribe_topic(self._topic, self._heard)
        return [job_id for job_id, sent in self._sent.items() if self._is_lost(sent, now)]

    def close(self) -> None:
        """Take back what is not done, and leave the cluster."""
        with contextlib.suppress(Exception):
            self._executor.shutdown(wait=False)
        with contextlib.suppress(Exception):
            self._client.close(timeout=5)

    def __enter__(self) -> ClusterWorkforce:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _connected(self) -> Any:
        """Return a client.

        Raises
        ------
        InputError
            If there is no scheduler, Dask is not installed, or a worker has another batchproof.
        """
        try:
            from distributed import Client
        except ImportError:
            raise InputError("Dask for clusters (`pip install 'batchproof[dask]'`)") from None
        try:
            client = Client(self._address, timeout=CONNECTING, set_as_default=False)
        except (OSError, ValueError, TypeError) as error:
            raise InputError("a Dask scheduler", str(error), field=self._address) from None
        try:
            self._refuse_other_versions(client)
        except InputError:
            client.close(timeout=5)
            raise
        client.subscribe_topic(self._topic, self._heard)
        return client

    def _refuse_other_versions(self, client: Any) -> None:
        """Say at once what would otherwise be said of every job; workers that come later are found then."""
        ours = versions()["batchproof"]
        asked = _aside(client.run, versions, on_error="return")
        # A worker may be frozen; it shall not stop the others.
        with contextlib.suppress(TimeoutError, OSError):
            for worker, found in asked.result(CONNECTING).items():
                theirs = found["batchproof"] if isinstance(found, dict) else found
                if theirs != ours:
                    raise InputError(f"batchproof {ours} on worker {worker}", str(theirs))

    def _reconnect(self) -> None:
        self.close()
        for attempt in range(1, CONNECTIONS + 1):
            self._board.note(f"the scheduler is gone; seeking it, {attempt} of {CONNECTIONS}")
            try:
                self._client = self._connected()
            except InputError:
                if attempt == CONNECTIONS:
                    raise
                time.sleep(2**attempt)
            else:
                self._executor = self._client.get_executor()
                return

    def _take_count(self) -> None:
        """Take the number of threads that was last asked for."""
        with contextlib.suppress(Exception):
            workers = {} if self._count is None else self._count.result(0)["workers"]
            self._threads = sum(worker["nthreads"] for worker in workers.values())
            if self._count is not None and not workers and self._sent:
                self._board.note("no workers; waiting for some")

    def _take_states(self) -> None:
        """Take the states that the scheduler last said of tasks; one that it does not know has none."""
        with contextlib.suppress(Exception):
            states = {} if self._states is None else self._states.result(0)
            for sent in self._sent.values():
                if sent.task in states:
                    sent.misses = 0 if states[sent.task] else sent.misses + 1

    def _is_lost(self, sent: _Sent, now: float) -> bool:
        silent = sent.since is not None and now - sent.since > sent.job.limits.seconds + GRACE
        return silent or sent.misses >= MISSES

    def _heard(self, event: tuple[float, Any]) -> None:
        """Take what a worker tells: the start of a job, or where its search stands."""
        job_id, worker, *point = event[1]
        sent = self._sent.get(job_id)
        if sent is None:
            return
        if point[1] != STARTED:
            sent.tell(TracePoint(*point))
            return
        sent.starts += 1
        sent.since = time.monotonic()
        self._board.started(job_id, sent.job.name)
        if sent.starts > 1:
            self._board.note(f"{sent.job.name}: its worker was lost; Dask starts it again on {worker}")


def _aside(function: Callable[..., Any], *arguments: Any, **named: Any) -> Future[Any]:
    """Call a function in a thread that nobody waits for: what is asked of a cluster may never be answered."""
    future: Future[Any] = Future()

    def call() -> None:
        try:
            future.set_result(function(*arguments, **named))
        except Exception as error:
            future.set_exception(error)

    threading.Thread(target=call, daemon=True).start()
    return future


def _states_of(client: Any, tasks: list[str]) -> dict[str, str | None]:
    """Return what the scheduler says of tasks; None where it does not know one."""
    states: dict[str, str | None] = client.sync(client.scheduler.get_task_status, keys=tasks)
    return states


def perform_there(job: Job, topic: str) -> Report:
    """Run a job on a worker, and tell the run where it stands."""
    from distributed import get_worker

    worker = get_worker()
    key = worker.get_current_task()

    def tell(point: TracePoint) -> None:
        # Texts, because integers of any size do not travel.
        exact = [None if v is None else str(v) for v in (point.incumbent, point.lower_bound)]
        worker.log_event(topic, [job.key.id, worker.address, point.seconds, point.phase, *exact])

    def wanted() -> bool:
        # A task that was taken back while it runs is kept in this state until it ends.
        task = worker.state.tasks.get(key)
        return task is not None and task.state != "cancelled"

    tell(TracePoint(0.0, STARTED, None, None))
    return perform(job, tell, wanted)
