"""A slot runs a task in another process, and whatever that does, the slot says what became of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator

import psutil
import pytest

from milp.batch import nursery
from milp.batch.job import JobLimits
from milp.batch.slot import USES, Slot, Stopped
from milp.results.record import Outcome

LIMITS = JobLimits(2000.0, 60.0)
GROWS = "bytearray(b'1' * 3 * 10**8) and __import__('time').sleep(60)"
DIES = "__import__('os').kill(__import__('os').getpid(), {})"


@pytest.fixture(scope="module", params=["highs", None], ids=["forks", "one process"])
def each(request: pytest.FixtureRequest) -> Iterator[Slot]:
    """Return a slot that forks, and one that does not."""
    slot = Slot(request.param)
    yield slot
    slot.close()


@pytest.fixture(scope="module")
def slot() -> Iterator[Slot]:
    """Return a slot that does not fork, which is sooner there again."""
    slot = Slot(None)
    yield slot
    slot.close()


def test_a_task_returns_its_value_from_another_process(each: Slot) -> None:
    """The value comes back, and was computed elsewhere."""
    ended = each.call(os.getpid, limits=LIMITS)
    assert ended.outcome is Outcome.FINISHED
    assert ended.value != os.getpid()


def test_a_task_that_takes_too_long_is_stopped(slot: Slot) -> None:
    """The slot does not wait for the end of the task, only for the limit."""
    begin = time.monotonic()
    ended = slot.call(time.sleep, 60, limits=JobLimits(None, 0.5))
    assert (ended.outcome, ended.error) == (Outcome.TIME, "stopped after 0.5 s")
    assert time.monotonic() - begin < 30


def test_a_task_that_takes_too_much_memory_is_stopped(each: Slot) -> None:
    """Memory that is resident counts, and the peak is told."""
    ended = each.call(eval, GROWS, limits=JobLimits(250.0, 30.0))
    assert ended.outcome is Outcome.MEMORY
    assert ended.peak_mib is not None
    assert ended.peak_mib > 250


def test_an_allocation_that_cannot_be_is_out_of_memory() -> None:
    """What would fill the machine between two looks is refused by the system."""
    slot = Slot("highs")
    ended = slot.call(bytearray, 10**13, limits=LIMITS)
    slot.close()
    assert ended.outcome is Outcome.MEMORY


@pytest.mark.parametrize(
    ("number", "outcome", "word"),
    [(signal.SIGSEGV, Outcome.CRASHED, "SIGSEGV"), (signal.SIGKILL, Outcome.MEMORY, "by the system")],
)
def test_a_task_that_dies_is_an_outcome(each: Slot, number: int, outcome: Outcome, word: str) -> None:
    """A crash is told from a kill by the system, and the slot goes on with a new process."""
    ended = each.call(eval, DIES.format(int(number)), limits=LIMITS)
    assert ended.outcome is outcome
    assert word in (ended.error or "")
    assert each.call(abs, -1, limits=LIMITS).value == 1


def test_what_a_task_raises_is_an_outcome(slot: Slot) -> None:
    """An error is a crash in one line with its traceback in the log; bad input is bad input."""
    ended = slot.call(int, "x", limits=LIMITS)
    assert ended.outcome is Outcome.CRASHED
    assert (ended.error or "").startswith("ValueError: invalid literal")
    assert "Traceback" in ended.log
    ended = slot.call(eval, "__import__('instances').read('no.json')", limits=LIMITS)
    assert (ended.outcome, ended.error) == (Outcome.BAD_INPUT, "no.json: expected an existing file")


def test_what_a_crashed_task_printed_is_kept(slot: Slot) -> None:
    """The last words of a crash, of itself or of a solver, are in the log."""
    ended = slot.call(eval, f"__import__('os').write(2, b'last words') and {DIES.format(6)}", limits=LIMITS)
    assert "last words" in ended.log


def test_a_task_that_nobody_waits_for_is_ended(slot: Slot) -> None:
    """If nobody wants the result any more, the process is not kept from other tasks."""
    begin = time.monotonic()
    ended = slot.call(time.sleep, 60, limits=LIMITS, wanted=lambda: time.monotonic() < begin + 0.5)
    assert (ended.outcome, ended.error) == (Outcome.LOST, "nobody waits for it any more")
    assert time.monotonic() - begin < 30


def test_a_listener_that_fails_costs_nothing(slot: Slot) -> None:
    """What a task tells is for people; if that fails, its result still arrives."""

    def listen(message: object) -> None:
        raise OSError(message)

    assert slot.call(_tell, limits=LIMITS, tell=listen).value == 7
    assert slot.call(abs, -2, limits=LIMITS).value == 2


def _tell(tell: Callable[[str], None]) -> int:
    """Tell something, and answer."""
    tell("told")
    return 7


def test_short_tasks_share_a_process_and_others_do_not() -> None:
    """A fork serves short tasks, not too many, and none after one that failed."""
    slot = Slot("highs")
    first = [slot.call(os.getpid, limits=LIMITS).value for _ in range(USES + 1)]
    assert len(set(first[:USES])) == 1
    assert first[USES] != first[0]
    slot.call(int, "x", limits=LIMITS)
    assert slot.call(os.getpid, limits=LIMITS).value != first[USES]
    slot.close()


def test_slots_share_what_they_are_forked_from() -> None:
    """What solvers need is imported once, however many slots there are; each has a process of its own."""
    slots = [Slot("highs"), Slot("highs")]
    (one, above), (two, also) = (
        slot.call(eval, "__import__('os').getpid(), __import__('os').getppid()", limits=LIMITS).value
        for slot in slots
    )
    for slot in slots:
        slot.close()
    assert one != two
    assert above == also != os.getpid()


def test_a_slot_outlives_what_it_was_forked_from() -> None:
    """If the nursery is killed, the process goes on, ends with its slot, and the next has another nursery."""
    slot = Slot("highs")
    pid, above = slot.call(eval, "__import__('os').getpid(), __import__('os').getppid()", limits=LIMITS).value
    task, parent = psutil.Process(pid), psutil.Process(above)
    parent.kill()
    psutil.wait_procs([parent], timeout=20)
    assert slot.call(os.getpid, limits=LIMITS).value == pid
    slot.close()
    assert psutil.wait_procs([task], timeout=20)[1] == []
    assert slot.call(os.getppid, limits=LIMITS).value != above
    slot.close()


def test_a_process_that_cannot_start_is_an_outcome(monkeypatch: pytest.MonkeyPatch) -> None:
    """The last words of a start that failed are the error, and the next start is a new one."""
    monkeypatch.setattr(nursery, "_CODE", "import no_such_module")
    slot = Slot("cbc")
    ended = slot.call(abs, -1, limits=LIMITS)
    assert ended.outcome is Outcome.LOST
    assert "No module named 'no_such_module'" in (ended.error or "")
    monkeypatch.undo()
    assert slot.call(abs, -1, limits=LIMITS).value == 1
    slot.close()


def test_a_stopped_slot_ends_at_once() -> None:
    """Stopping from another thread ends the task, and refuses the next."""
    slot = Slot(None)
    slot.call(abs, 1, limits=LIMITS)
    threading.Timer(0.3, slot.stop).start()
    begin = time.monotonic()
    with pytest.raises(Stopped):
        slot.call(time.sleep, 60, limits=LIMITS)
    assert time.monotonic() - begin < 30
    with pytest.raises(Stopped):
        slot.call(abs, 1, limits=LIMITS)


def test_nothing_survives_whoever_started_it() -> None:
    """If the process that waits is killed, its task ends too, and what the task started."""
    code = (
        "import subprocess; from milp.batch.slot import Slot; from milp.batch.job import JobLimits;"
        "print('ready', flush=True);"
        "Slot('highs').call(subprocess.run, ['sleep', '77.5'], limits=JobLimits(None, 60))"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as outer:
        family = _family(outer.pid)
        outer.kill()
    _, alive = psutil.wait_procs(family, timeout=20)
    assert alive == []


def _family(pid: int) -> list[psutil.Process]:
    for _ in range(600):
        found = psutil.Process(pid).children(recursive=True)
        if any(process.name() == "sleep" for process in found):
            return list(found)
        time.sleep(0.05)
    raise AssertionError("the task did not start")
