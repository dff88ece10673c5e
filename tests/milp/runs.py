"""A small folder whose instances end in every way, and runs over it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from instances import catalog

ROOT = Path(__file__).resolve().parents[2]
"""From which `python -m milp` is what is tested."""

GOOD = ("tiny/max-shapes", "tiny/token-count-quadratic", "tiny/prompt-list", "tiny/decimals")
INFEASIBLE = "infeasible/prompt-not-covered"
SLOW = "latency/completion-60"

EXPECTED = {
    "max-shapes.json": "certified optimal",
    "token-count-quadratic.json": "certified optimal",
    "prompt-list.json": "certified optimal",
    "decimals.json": "certified optimal",
    "prompt-not-covered.json": "certified infeasible",
    "cut-off.json": "bad input",
    "completion-60.json": "out of time",
}
"""What becomes of every file within `OPTIONS`."""

OPTIONS = ("--jobs", "1", "--time-limit", "60", "--stop-after", "8")


def fill(folder: Path, *, slow: bool = True) -> Path:
    """Write the folder; `again.json` is `decimals.json` by another name."""
    folder.mkdir(parents=True)
    for name in (*GOOD, INFEASIBLE, *([SLOW] if slow else [])):
        shutil.copy(catalog.path(name), folder)
    shutil.copy(folder / "decimals.json", folder / "z-again.json")
    text = (folder / "decimals.json").read_text()
    (folder / "cut-off.json").write_text(text[: len(text) // 2])
    return folder


def start(folder: Path, store: Path, *words: str) -> subprocess.Popen[bytes]:
    """Start a run in a process group of its own."""
    command = [sys.executable, "-m", "milp", "batch", str(folder), "--out", str(store), *OPTIONS, *words]
    return subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )


def kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a run without a chance to tidy up."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
