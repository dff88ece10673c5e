"""Fresh processes that are watched."""

from __future__ import annotations

import sys
import time

from benchmarks.fresh import run_fresh


def test_a_process_and_its_children_are_stopped() -> None:
    """A process that goes on too long is killed with what it started."""
    code = "import subprocess, time; subprocess.Popen(['sleep', '61.5']); time.sleep(60)"
    begin = time.monotonic()
    ended = run_fresh([sys.executable, "-c", code], seconds=1, memory_mib=4096)
    assert ended.stopped == "time"
    assert time.monotonic() - begin < 20


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
