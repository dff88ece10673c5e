"""The checker of model B's schedules: it finds what was tampered with, and nothing else."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heuristics.schedulers.rounds import simulate
from instances.serving import Arrivals, RoundSchedule
from instances.serving.round_device import unit_rounds
from instances.serving.round_rules import broken_rules, idle_while_waiting
from tests.heuristics.schedulers.rounds.traces import Case, cases, walk

NAMES = [field.name for field in fields(RoundSchedule)]


@settings(max_examples=250)
@given(cases(), st.sampled_from(NAMES), st.integers(0, 30), st.sampled_from([-5, -1, 1, 2, 40]))
def test_one_changed_number_is_found(case: Case, name: str, row: int, change: int) -> None:
    """Whatever number is changed, the checker and a walk through all rounds agree whether it is sound."""
    schedule = simulate(case.arrivals, case.device, case.devices, case.make(), case.predicted)
    column = getattr(schedule, name).copy()
    column[row % len(column)] += change
    changed = replace(schedule, **{name: column})
    sound = broken_rules(case.arrivals, case.device, case.devices, changed) == []
    assert sound == walk(case.arrivals, case.device, case.devices, changed)


@settings(max_examples=120)
@given(cases(), st.sampled_from(["arrival", "prompt", "gen", "kv_tokens", "max_batch_size", "swap"]))
def test_another_trace_is_found(case: Case, what: str) -> None:
    """A schedule of one trace is judged on another one as a walk through all rounds judges it."""
    schedule = simulate(case.arrivals, case.device, case.devices, case.make(), case.predicted)
    arrivals, device = case.arrivals, case.device
    if what in ("arrival", "prompt", "gen"):
        column = getattr(arrivals, what).copy()
        column[-1] += 7
        arrivals = replace(arrivals, **{what: column})
    elif what == "swap":
        schedule = replace(schedule, request=len(arrivals) - 1 - schedule.request[::-1])
    else:
        device = replace(device, **{what: max(2 if what == "kv_tokens" else 1, getattr(device, what) - 3)})
    sound = broken_rules(arrivals, device, case.devices, schedule) == []
    assert sound == walk(arrivals, device, case.devices, schedule)


def small() -> tuple[Arrivals, RoundSchedule]:
    """Return two requests, arriving together, one after the other on one device of unit rounds."""
    columns = {
        "device": [0, 0],
        "start": [0, 3],
        "finish": [3, 5],
        "ordinal": [0, 3],
        "rounds": [3, 2],
        "prefilled": [4, 2],
        "running": [1, 1],
        "held": [5, 3],
        "request": [0, 1],
        "on": [0, 0],
        "first": [0, 3],
        "tokens": [3, 2],
    }
    arrays = {name: np.array(values, dtype=np.int64) for name, values in columns.items()}
    return Arrivals.of([0, 0], [4, 2], [3, 2]), RoundSchedule(**arrays)


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"start": [0, 2], "finish": [3, 4]}, "device 0 runs two rounds at once"),
        ({"finish": [3, 6]}, "1 strides do not take the time of their rounds"),
        ({"held": [6, 3]}, "1 strides with other tokens held than the stretches say"),
        ({"prefilled": [4, 1]}, "1 strides with other tokens prefilled than the stretches say"),
        ({"running": [1, 2]}, "1 strides with other requests running than the stretches say"),
        ({"request": [0, 0]}, "not every request is served, or one that there is not"),
        ({"device": [0, 1]}, "a stride on a device that there is not"),
        ({"tokens": [3, 1]}, "a stretch ends where no stride does"),
        ({"ordinal": [0, 4]}, "device 0: rounds are not numbered one by one"),
    ],
)
def test_reasons(change: dict[str, list[int]], rule: str) -> None:
    """Each rule has its own line."""
    arrivals, schedule = small()
    device = unit_rounds(10, 4)
    assert broken_rules(arrivals, device, 1, schedule) == []
    arrays = {name: np.array(values, dtype=np.int64) for name, values in change.items()}
    assert rule in broken_rules(arrivals, device, 1, replace(schedule, **arrays))


def test_limits_and_arrivals() -> None:
    """Too little memory, a batch too large, an arrival after the start, and tokens that are missing."""
    arrivals, schedule = small()
    assert broken_rules(arrivals, unit_rounds(6, 4), 1, schedule) == ["a round holds 7 tokens, more than 6"]
    late = Arrivals.of([0, 4], [4, 2], [3, 2])
    assert broken_rules(late, unit_rounds(7, 4), 1, schedule) == ["1 requests start before they arrive"]
    longer = Arrivals.of([0, 0], [4, 2], [3, 3])
    found = broken_rules(longer, unit_rounds(7, 4), 1, schedule)
    assert found == ["1 requests do not get as many tokens as they need"]


def test_idle_while_waiting() -> None:
    """A gap with somebody waiting is named; so is a second device that nobody uses."""
    arrivals, schedule = small()
    assert idle_while_waiting(arrivals, 1, schedule) == []
    assert idle_while_waiting(arrivals, 2, schedule) == [
        "device 1 is idle 1 times while requests wait, first from 0 to 5 ns"
    ]
    gap = replace(schedule, start=np.array([0, 4]), finish=np.array([3, 6]))
    assert idle_while_waiting(arrivals, 1, gap) == [
        "device 0 is idle 1 times while requests wait, first from 3 to 4 ns"
    ]
    assert idle_while_waiting(Arrivals.of([0, 4], [4, 2], [3, 2]), 1, gap) == []
