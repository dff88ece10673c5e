"""What an executor runs, in a thread of this process or of a worker far away."""

from __future__ import annotations

from collections.abc import Callable

from milp.batch import tasks
from milp.batch.job import Job, Report
from milp.batch.slot import slot_of_thread
from milp.batch.surroundings import machine, versions
from milp.results.record import Outcome, TracePoint


def perform(job: Job, tell: Callable[[TracePoint], None], wanted: Callable[[], bool] | None = None) -> Report:
    """Run a job in a process of its own, and report how it ended.

    Parameters
    ----------
    job
        The job.
    tell
        Called as the search goes on.
    wanted
        Tells whether somebody still waits for the report; without it, somebody does.

    Raises
    ------
    milp.batch.slot.Stopped
        If the run was stopped.
    """
    trace: list[TracePoint] = []

    def follow(point: TracePoint) -> None:
        trace.append(point)
        tell(point)

    slot = slot_of_thread(job.key.engine)
    ended = slot.call(tasks.solve, job, limits=job.limits, tell=follow, wanted=wanted)
    return Report(
        outcome=ended.outcome,
        error=ended.error,
        solved=ended.value,
        trace=trace if ended.value is None else ended.value.trace,
        wall_s=ended.wall_s,
        cpu_s=ended.cpu_s,
        peak_mib=ended.peak_mib,
        log="" if ended.outcome is Outcome.FINISHED else ended.log,
        versions=versions(),
        machine=machine(),
    )
