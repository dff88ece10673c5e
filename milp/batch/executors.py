"""Where jobs run: something that takes a job and returns a future of its report."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Protocol

from milp.batch.job import Job, Report
from milp.batch.slot import close_all, stop_all
from milp.batch.worker import perform
from milp.results.record import TracePoint

Tell = Callable[[TracePoint], None]


class Workforce(Protocol):
    """Runs jobs.

    Attributes
    ----------
    here
        Runs what is done on this machine, each in a thread: files are read, and reports verified.
    shared
        Whether the jobs run there too, so that both together fill its threads.
    """

    here: Executor
    shared: bool

    @property
    def room(self) -> int:
        """How many jobs to hand out at a time."""
        ...

    def submit(self, job: Job, tell: Tell) -> Future[Report]:
        """Hand a job out; `tell` is called as its search goes on, from any thread."""
        ...

    def forget(self, job_id: str) -> int:
        """Expect no more of a job; return how often it was started again without a word to the runner."""
        ...

    def tend(self) -> list[str]:
        """Look after what was handed out; return the ids of jobs that are lost for good reason."""
        ...


class LocalWorkforce:
    """Jobs on this machine: a thread for each at a time, which watches the process that it runs in."""

    shared = True

    def __init__(self, jobs: int, here: Executor) -> None:
        self.here = here
        self.room = jobs

    def submit(self, job: Job, tell: Tell) -> Future[Report]:
        """Hand a job out."""
        return self.here.submit(perform, job, tell)

    def forget(self, job_id: str) -> int:
        """Nothing is kept of it, and nothing starts by itself."""
        return 0

    def tend(self) -> list[str]:
        """Nothing is lost here: slots see to their processes."""
        return []


@contextmanager
def threads(count: int) -> Iterator[Executor]:
    """Yield an executor of threads with slots; what still runs when the block ends is stopped."""
    executor = ThreadPoolExecutor(count, thread_name_prefix="slot")
    try:
        yield executor
    except BaseException:
        stop_all()
        raise
    finally:
        executor.shutdown(wait=True, cancel_futures=True)
        close_all()
