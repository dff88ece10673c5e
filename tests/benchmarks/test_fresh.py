"""Fresh processes that are watched."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from typing import Any

import pytest

from benchmarks.fresh import leave_nothing_behind, run_fresh


def test_a_process_and_its_children_are_stopped() -> None:
    """A process that goes on too long is killed with what it started."""
    code = "import subprocess, time; subprocess.Popen(['sleep', '61.5']); time.sleep(60)"
    begin = time.monotonic()
    ended = run_fresh([sys.executable, "-c", code], seconds=1, memory_mib=4096)
    assert ended.stopped == "time"
    assert time.monotonic() - begin < 20


def test_nothing_is_left_behind_on_sigterm() -> None:
    """A benchmark that is told to end takes the process that it watches with it."""
    code = (
        "import sys; from benchmarks.fresh import leave_nothing_behind, run_fresh; leave_nothing_behind();"
        "run_fresh([sys.executable, '-c', 'import time; time.sleep(60)'], seconds=60, memory_mib=4096)"
    )
    outer = subprocess.Popen([sys.executable, "-c", code])
    inner = _child(outer.pid)
    outer.send_signal(signal.SIGTERM)
    assert outer.wait(20) == 143
    with contextlib.suppress(ProcessLookupError):
        os.kill(inner, 0)
        raise AssertionError("the watched process is still there")


def test_a_signal_while_a_process_starts_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    """Told to end before it knows what it has started, a benchmark still takes it with it."""
    started: list[int] = []

    class Interrupted(subprocess.Popen[bytes]):
        def __init__(self, *arguments: Any, **named: Any) -> None:
            super().__init__(*arguments, **named)
            started.append(self.pid)
            signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(subprocess, "Popen", Interrupted)
    before = signal.getsignal(signal.SIGTERM)
    leave_nothing_behind()
    try:
        with pytest.raises(SystemExit):
            run_fresh([sys.executable, "-c", "import time; time.sleep(60)"], seconds=60, memory_mib=4096)
    finally:
        signal.signal(signal.SIGTERM, before)
    with pytest.raises(ProcessLookupError):
        os.kill(started[0], 0)


def _child(pid: int) -> int:
    for _ in range(400):
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            children = file.read().split()
        if children:
            return int(children[0])
        time.sleep(0.05)
    raise AssertionError("no process was started")


def test_memory_is_watched() -> None:
    """A process that takes more memory than it may is stopped, and said to have been."""
    code = "import time; x = bytearray(b'1' * 2**28); time.sleep(60)"
    ended = run_fresh([sys.executable, "-c", code], seconds=30, memory_mib=128)
    assert ended.stopped == "memory"
    assert ended.peak_mib > 128


def test_a_run_is_measured() -> None:
    """Output, exit code, processor time and the largest memory are those of the process."""
    code = "x = bytearray(b'1' * 2**27); sum(range(10**7)); print('done'); raise SystemExit(3)"
    ended = run_fresh([sys.executable, "-c", code], seconds=60, memory_mib=4096)
    assert (ended.code, ended.stopped, ended.out) == (3, None, "done\n")
    assert ended.cpu_seconds > 0.05
    assert 128 < ended.peak_mib < 1024
