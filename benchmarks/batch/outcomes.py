"""Every outcome is the right one: a folder with files that cannot end well."""

from __future__ import annotations

from pathlib import Path

from benchmarks.batch.checks import broken, differences
from benchmarks.batch.folder import MEMORY_MIB, write_folder
from benchmarks.batch.running import finish, words_of

OPTIONS = {"jobs": 2, "time-limit": 25, "stop-after": 30, "memory-limit": MEMORY_MIB}


def measure(work: Path, number: int) -> list[str]:
    """Run a folder of so many files; return what is to be told."""
    expected = write_folder(work / "folder", number)
    ran = finish(work / "folder", work / "store", *words_of(OPTIONS))
    wrong = differences(work / "store", expected) + broken(work / "store")
    failed = {Path(one["source"]).name for one in ran.summary["failed"]}
    should = {name for name, outcome in expected.items() if not outcome.startswith("certified")}
    if failed != should:
        wrong.append(f"the summary names {sorted(failed)}")
    if ran.code != 1:
        wrong.append(f"exit code {ran.code}")
    counts = ", ".join(f"{count} {status}" for status, count in ran.summary["statuses"].items())
    return [f"{len(expected)} files in {ran.seconds:.0f} s: {counts}; exit code {ran.code}", *wrong]
