"""A run that is killed again and again loses nothing and repeats nothing."""

from __future__ import annotations

import random
import subprocess
import time
from pathlib import Path

from benchmarks.batch.checks import broken, differences, texts
from benchmarks.batch.folder import write_folder
from benchmarks.batch.outcomes import OPTIONS
from benchmarks.batch.running import finish, kill, start, words_of

MOST_NEW = 4
"""New results that a run may make, at the most, before it is killed; none leaves it to its first seconds."""

LONGEST = 1.0
"""Seconds after that at which it is killed, at the latest."""


def measure(work: Path, number: int, kills: int, seed: int = 0) -> list[str]:
    """Kill a run over so many files so often, and start it again each time; return what is to be told."""
    expected = write_folder(work / "folder", number)
    rng = random.Random(seed)
    known: dict[str, bytes] = {}
    wrong, grown = [], 0
    for _ in range(kills):
        process = start(work / "folder", work / "store", *words_of(OPTIONS))
        _wait_for(work / "store", len(known) + rng.randint(0, MOST_NEW), process)
        time.sleep(rng.uniform(0.0, LONGEST))
        kill(process)
        now = texts(work / "store") if (work / "store").exists() else {}
        # A result that is computed again has another time in it, at the least.
        wrong += [f"{record} was computed again" for record in known if now.get(record) != known[record]]
        grown += len(now) > len(known)
        known = now
    before = len(known)
    ran = finish(work / "folder", work / "store", *words_of(OPTIONS))
    after = texts(work / "store")
    wrong += [f"{record} was computed again" for record in known if after.get(record) != known[record]]
    wrong += differences(work / "store", expected) + broken(work / "store")
    if ran.summary["known_already"] < before:
        wrong.append(f"{ran.summary['known_already']} of {before} results were known")
    told = (
        f"{len(expected)} files, {kills} kills, {grown} of them after new results; {before} results before "
    )
    return [f"{told}the last start, {len(after)} after it; exit code {ran.code}", *wrong]


def _wait_for(store: Path, results: int, process: subprocess.Popen[str]) -> None:
    """Wait until there are so many results, or the run has ended."""
    records = store / "records"
    while process.poll() is None:
        found = sum(not name.name.startswith("unusable") for name in records.glob("[!.]*.json"))
        if found >= results:
            return
        time.sleep(0.02)
