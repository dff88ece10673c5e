"""What a job costs beside its search."""

from __future__ import annotations

from pathlib import Path

from benchmarks.batch.folder import write_tiny
from benchmarks.batch.running import finish, words_of
from milp.results.store import Store


def measure(work: Path, number: int, jobs: int = 2) -> list[str]:
    """Solve so many tiny instances; return what is to be told."""
    write_tiny(work / "folder", number)
    ran = finish(work / "folder", work / "store", *words_of({"jobs": jobs, "time-limit": 30}))
    records = Store(work / "store").records()
    solving = sum(record.runtime_s or 0 for record in records)
    own = solving / jobs
    each = 1000 * (ran.seconds * jobs - solving) / number
    cpu = sum(record.cpu_s or 0 for record in records)
    told = (
        f"{number} tiny instances, {1000 * solving / number:.0f} ms each: {ran.seconds:.1f} s of wall time, "
        f"{own:.1f} s of solving on {jobs} jobs: {100 * (ran.seconds / own - 1):.1f} % more, "
        f"{each:.0f} ms a job; {ran.cpu_seconds:.1f} s of processor time, {cpu:.1f} s of it in the jobs"
    )
    return [told, *(f"{r.instance}: {r.outcome}" for r in records if r.status is None)]
