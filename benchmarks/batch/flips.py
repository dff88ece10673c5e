"""A single digit of a single certificate is changed; `recheck` finds it."""

from __future__ import annotations

import gzip
import json
import random
import shutil
import subprocess
import sys
from pathlib import Path

from benchmarks.batch.folder import write_good
from benchmarks.batch.running import finish, words_of


def measure(work: Path, number: int, flips: int, seed: int = 0) -> list[str]:
    """Solve so many instances, and flip a digit so often; return what is to be told."""
    write_good(work / "folder", number)
    finish(work / "folder", work / "store", *words_of({"jobs": 2, "time-limit": 25}))
    certificates = sorted((work / "store" / "certificates").glob("*.gz"))
    rng, wrong = random.Random(seed), []
    sound = _recheck(work / "store")
    if sound != (0, []):
        wrong.append(f"before any flip: {sound}")
    for _ in range(flips):
        victim = rng.choice(certificates)
        kept = victim.with_name("kept")
        shutil.copy(victim, kept)
        victim.write_bytes(gzip.compress(_flipped(gzip.decompress(victim.read_bytes()), rng), 6, mtime=0))
        name = victim.name.removesuffix(".certificate.json.gz")
        found = _recheck(work / "store")
        if found != (1, [name]):
            wrong.append(f"a digit of {name} was flipped, found {found}")
        kept.replace(victim)
    return [
        f"{flips} digits flipped, one at a time in {len(certificates)} certificates: {len(wrong)} missed",
        *wrong,
    ]


def _flipped(text: bytes, rng: random.Random) -> bytes:
    place = rng.choice([index for index, char in enumerate(text) if chr(char).isdigit()])
    other = rng.choice([digit for digit in b"0123456789" if digit != text[place]])
    return text[:place] + bytes([other]) + text[place + 1 :]


def _recheck(store: Path) -> tuple[int, list[str]]:
    command = [sys.executable, "-m", "milp", "recheck", str(store), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, [one["record"] for one in json.loads(done.stdout)["failed"]]
