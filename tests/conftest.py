"""Fixtures that several test folders share."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from milp.cli.main import main

if (
    signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    and threading.current_thread() is threading.main_thread()
):
    # Shells let what runs in the background ignore Ctrl-C, and so would the processes that tests interrupt.
    signal.signal(signal.SIGINT, signal.default_int_handler)


ROOT = Path(__file__).resolve().parent.parent

# How long an example takes says more about the machine's other work than about the code.
settings.register_profile("batchproof", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("batchproof")


@pytest.fixture(scope="session")
def data() -> Path:
    """Return the folder of real traces; skip the test where there is none."""
    folder = Path(os.environ.get("BATCHPROOF_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no real traces: {folder} is missing (BATCHPROOF_DATA names the folder)")
    return folder


@dataclass(frozen=True)
class Outcome:
    """What a run of the command line left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """The one JSON object on stdout; fails if there is anything else."""
        record = json.loads(self.out)
        assert isinstance(record, dict)
        return record


Run = Callable[..., Outcome]


@pytest.fixture
def batchproof(capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return a function that runs the command line in an empty folder; what solvers print is captured too."""
    monkeypatch.chdir(tmp_path)

    def run(*args: str | Path) -> Outcome:
        capfd.readouterr()
        code = main([str(arg) for arg in args])
        return Outcome(code, *capfd.readouterr())

    return run
