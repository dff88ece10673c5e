"""Reckoning with memory: the leaps of the look-ahead against counting out every round."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heuristics.schedulers.rounds.memory import HeldNow, LookAhead, Memory, Reserved

Running = list[tuple[int, int, int]]
"""(held at the start, rounds, clock of the start)"""


@st.composite
def situations(draw: st.DrawFn) -> tuple[int, Running, int, int, int]:
    """Draw a budget, running requests, a clock before any of them ends, and a request that fits alone."""
    clock = draw(st.integers(0, 8))
    running = []
    for _ in range(draw(st.integers(0, 5))):
        start = draw(st.integers(0, clock))
        running.append(
            (draw(st.integers(1, 10)), draw(st.integers(clock - start + 1, clock - start + 14)), start)
        )
    held, rounds = draw(st.integers(1, 12)), draw(st.integers(1, 15))
    return held + rounds + draw(st.integers(0, 30)), running, clock, held, rounds


def fits(budget: int, running: Running, start: int, held: int, rounds: int) -> bool:
    """Count out all rounds of a request that starts at `start`."""
    for t in range(start + 1, start + rounds + 1):
        others = sum(h + t - a for h, o, a in running if t <= a + o)
        if others + held + t - start > budget:
            return False
    return True


def filled(memory: Memory, running: Running) -> Memory:
    """Put running requests into a memory."""
    for request, (held, rounds, start) in enumerate(running):
        memory.add(request, held, rounds, start)
    return memory


@settings(max_examples=500)
@given(situations())
def test_look_ahead_finds_the_first_start(situation: tuple[int, Running, int, int, int]) -> None:
    """It is the least clock that leaves memory in every round, if that is before somebody ends."""
    budget, running, clock, held, rounds = situation
    found = filled(LookAhead(budget), running).earliest(held, rounds, clock)
    first_end = min((start + o for _, o, start in running), default=clock + 1)
    starts = (a for a in range(clock, first_end) if fits(budget, running, a, held, rounds))
    assert found == next(starts, None)


@given(situations(), st.data())
@pytest.mark.parametrize("kind", [LookAhead, Reserved, HeldNow])
def test_who_is_taken_out_leaves_no_trace(
    kind: type[Memory], situation: tuple[int, Running, int, int, int], data: st.DataObject
) -> None:
    """After a removal memory answers as if the request had never been there; copies go their own way."""
    budget, running, clock, held, rounds = situation
    memory = filled(kind(budget), running)  # type: ignore[call-arg]
    before = memory.earliest(held, rounds, clock)
    other = memory.copy()
    left = list(enumerate(running))
    for _ in range(data.draw(st.integers(0, len(left)))):
        request, _ = left.pop(data.draw(st.integers(0, len(left) - 1)))
        other.remove(request)
    fresh = kind(budget)  # type: ignore[call-arg]
    for request, (h, o, a) in left:
        fresh.add(request, h, o, a)
    assert other.earliest(held, rounds, clock) == fresh.earliest(held, rounds, clock)
    assert memory.earliest(held, rounds, clock) == before


@given(situations())
def test_reserving_is_cautious_and_looking_at_now_is_bold(
    situation: tuple[int, Running, int, int, int],
) -> None:
    """Who may start with full lengths reserved may start looking ahead, and who may do that fits now."""
    budget, running, clock, held, rounds = situation
    starts = [
        filled(kind(budget), running).earliest(held, rounds, clock) == clock
        for kind in (Reserved, LookAhead, HeldNow)
    ]
    assert starts == sorted(starts)
