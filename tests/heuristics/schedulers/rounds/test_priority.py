"""The priority scheduler: weights, boosts, preemption, and a batch size that follows P99."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from functools import partial
from math import ceil

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heuristics.schedulers.rounds import simulate
from heuristics.schedulers.rounds.batch_size import FIXED, BatchSize, BatchSizeRules
from heuristics.schedulers.rounds.priority import Priority, PriorityRules
from instances.errors import InputError
from instances.serving import Arrivals, RoundSchedule, ServiceLevel
from instances.serving.classes import draw_classes
from instances.serving.round_device import unit_rounds
from tests.heuristics.schedulers.rounds.traces import Case, cases

PLAIN = PriorityRules(boost_after=None, preempted_below=0, batch_size=FIXED)
"""The weighted choice alone."""


def served(case: Case) -> RoundSchedule:
    """Simulate a case."""
    return simulate(case.arrivals, case.device, case.devices, case.make(), case.predicted)


def preempted(schedule: RoundSchedule) -> list[int]:
    """Return the stretches that end in a preemption."""
    return np.flatnonzero(np.diff(schedule.request) == 0).tolist()


def test_the_classes_have_their_shares_while_all_wait() -> None:
    """Of the first 1,500 of 6,000 that wait, 70 % are of class 0, 20 % of class 1 and 10 % of class 2."""
    arrivals = Arrivals.of(np.zeros(6000, dtype=np.int64), np.ones(6000), np.ones(6000), np.arange(6000) % 3)
    schedule = simulate(arrivals, unit_rounds(1000, 1), 1, partial(Priority, rules=PLAIN))
    first = np.argsort(schedule.first_start)[:1500]
    shares = np.bincount(arrivals.priority[first]) / 1500
    assert np.abs(shares - [0.7, 0.2, 0.1]).max() < 0.03
    for level in range(3):
        assert (np.diff(schedule.first_start[arrivals.priority == level]) > 0).all()


@settings(max_examples=150)
@given(cases(("priority",)))
def test_nobody_starts_before_an_older_one_that_is_boosted(case: Case) -> None:
    """When a stretch begins, no request waits that arrived earlier and has waited for the boost."""
    after = case.options.priority.boost_after
    schedule, arrival = served(case), case.arrivals.arrival
    if after is None:
        return
    is_first = np.diff(schedule.request, prepend=-1) != 0
    since = np.where(is_first, arrival[schedule.request], np.append(0, schedule.ends[:-1]))
    for begin, request in zip(schedule.begins.tolist(), schedule.request.tolist(), strict=True):
        # Whoever is put back or preempted at this very ns may be so by a device that decides later.
        waits = (since < begin) & (schedule.begins > begin) & (schedule.request < request)
        assert not (waits & (begin - arrival[schedule.request] >= after)).any()


@settings(max_examples=150)
@given(cases(("priority",), noisy=False))
def test_who_is_preempted_for_whom(case: Case) -> None:
    """Only the last class, with few tokens and once, for a request of class 0 there and then."""
    schedule, priority = served(case), case.arrivals.priority
    rules = case.options.priority
    assert schedule.preemptions.max() <= 1
    for stretch in preempted(schedule):
        request, end = schedule.request[stretch], schedule.ends[stretch]
        assert priority[request] >= 2
        assert schedule.tokens[stretch] < rules.preempted_below
        begun = (schedule.on == schedule.on[stretch]) & (schedule.begins == end)
        assert (priority[schedule.request[begun]] == 0).any()


def test_preemption_and_resumption() -> None:
    """A request of class 0 takes the slot of one of class 2, which goes on later with what it had."""
    arrivals = Arrivals.of([0, 4], [5, 6], [20, 3], [2, 0])
    rules = replace(PLAIN, preempted_below=50)
    schedule = simulate(arrivals, unit_rounds(100, 1), 1, partial(Priority, rules=rules))
    assert schedule.request.tolist() == [0, 0, 1]
    assert schedule.begins.tolist() == [0, 7, 4]
    assert schedule.tokens.tolist() == [4, 16, 3]
    # Held in the first round of each stride; the prompt is prefilled once.
    assert schedule.held.tolist() == [6, 7, 10]
    assert schedule.prefilled.tolist() == [5, 6, 0]
    # Once it has generated as many as the rules say, it is safe.
    kept = replace(rules, preempted_below=4)
    schedule = simulate(arrivals, unit_rounds(100, 1), 1, partial(Priority, rules=kept))
    assert schedule.begins.tolist() == [0, 20]


def test_preemption_for_memory() -> None:
    """Slots are free but memory is not: as many are preempted as it takes, the latest first, or none."""
    arrivals = Arrivals.of([0, 1, 2, 5], [5, 5, 5, 12], [20, 20, 20, 10], [2, 2, 2, 0])
    rules = replace(PLAIN, preempted_below=50)
    schedule = simulate(arrivals, unit_rounds(75, 8), 1, partial(Priority, rules=rules))
    assert schedule.preemptions.tolist() == [0, 0, 1, 0]
    assert schedule.first_start[3] == 5
    # 12 + 10 tokens beside one of 5 + 20 are too many: with two of class 1, nobody is preempted in vain.
    fixed = arrivals.with_priority([1, 1, 2, 0])
    schedule = simulate(fixed, unit_rounds(45, 8), 1, partial(Priority, rules=rules))
    assert schedule.preemptions.max() == 0


def test_the_boost_ends_starvation() -> None:
    """Among class 0 a request of class 2 may wait to the end; boosted, it has the next free slot."""
    requests = 400
    priority = np.zeros(requests, dtype=np.int64)
    priority[5] = 2
    # Twice as much as one device of one slot can do.
    arrivals = Arrivals.of(np.arange(requests) * 5, np.ones(requests), np.full(requests, 10), priority)
    heavy = replace(PLAIN, weights=(10**9, 1, 1))
    plain = simulate(arrivals, unit_rounds(100, 1), 1, partial(Priority, rules=heavy))
    assert plain.first_start[5] == 3990
    boosted = replace(heavy, boost_after=200)
    schedule = simulate(arrivals, unit_rounds(100, 1), 1, partial(Priority, rules=boosted))
    wait = schedule.first_start[5] - arrivals.arrival[5]
    assert 200 <= wait <= 200 + 10


@given(
    st.lists(st.tuples(st.integers(1, 400), st.integers(50, 200)), max_size=120),
    st.integers(1, 40),
    st.integers(1, 9),
)
def test_the_batch_size_follows_p99(completions: list[tuple[int, int]], window: int, every: int) -> None:
    """Two counts move it as a sorted window does, within floor and cap."""
    rules = BatchSizeRules(window=window, every=every)
    size, expected = BatchSize(rules), rules.first
    for count, (latency, target) in enumerate(completions, start=1):
        size.note(latency, target)
        if count % every == 0:
            recent = sorted(Fraction(a, b) for a, b in completions[max(count - window, 0) : count])
            p99 = recent[ceil(Fraction(99, 100) * len(recent)) - 1]
            if p99 > Fraction(6, 5):
                expected = max(expected - 4, 8)
            elif p99 < Fraction(7, 10):
                expected = min(expected + 4, 64)
        assert size.now == expected


def test_the_batch_size_is_kept_to() -> None:
    """With targets that nobody can meet, batches shrink to the floor and stay there."""
    arrivals = Arrivals.of(np.zeros(600), np.ones(600), np.full(600, 8), draw_classes(600, 0))
    rules = replace(PLAIN, batch_size=BatchSizeRules(first=16, cap=16, window=20, every=5))
    never = ServiceLevel((1,))
    schedule = simulate(
        arrivals, unit_rounds(5000, 64), 1, partial(Priority, rules=rules, service_level=never)
    )
    assert schedule.running.max() == 16
    assert schedule.running[len(schedule.running) // 2 :].max() == 8


def test_weights_that_mean_nothing() -> None:
    """Every class needs a chance."""
    with pytest.raises(InputError, match="weights"):
        PriorityRules(weights=(1, 0))
