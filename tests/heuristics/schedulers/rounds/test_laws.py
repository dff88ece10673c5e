"""Laws of model B that hold for every policy on every trace."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings

from heuristics.schedulers.rounds import POLICIES, policy, simulate
from heuristics.schedulers.rounds.device import Device
from heuristics.schedulers.rounds.in_order import InOrder
from heuristics.schedulers.rounds.memory import LookAhead
from instances.errors import InputError
from instances.serving import Arrivals, RoundDevice, RoundSchedule
from instances.serving.classes import draw_classes
from instances.serving.round_rules import broken_rules, idle_while_waiting
from tests.heuristics.schedulers.rounds.traces import Case, cases, walk


def served(case: Case) -> RoundSchedule:
    """Simulate a case."""
    return simulate(case.arrivals, case.device, case.devices, case.make(), case.predicted)


@settings(max_examples=300)
@given(cases())
def test_conservation(case: Case) -> None:
    """Every request is served once, after it arrives, within memory, one round at a time per device.

    A preempted request goes on with what it had; no device is idle while a request waits. The checker says
    so, and so does a walk through all rounds.
    """
    schedule = served(case)
    assert broken_rules(case.arrivals, case.device, case.devices, schedule) == []
    assert idle_while_waiting(case.arrivals, case.devices, schedule) == []
    assert walk(case.arrivals, case.device, case.devices, schedule)


@settings(max_examples=60)
@given(cases())
def test_deterministic(case: Case) -> None:
    """The same trace, policy and seed give the same schedule, in every column."""
    one, two = served(case), served(case)
    for name in RoundSchedule.__dataclass_fields__:
        assert np.array_equal(getattr(one, name), getattr(two, name))


@settings(max_examples=80)
@given(cases(("static-batching", "fcfs", "shortest-first", "mc-sf", "smallest-volume"), noisy=False))
def test_nobody_is_put_back_if_predictions_are_right(case: Case) -> None:
    """Who looks ahead with true lengths never overflows: every request runs in one stretch."""
    assert served(case).preemptions.max() == 0


@settings(max_examples=80)
@given(cases(("fcfs", "fcfs-held-now", "static-batching")))
def test_first_come_first_served(case: Case) -> None:
    """Requests start in the order in which they arrive."""
    assert (np.diff(served(case).first_start) >= 0).all()


@settings(max_examples=60)
@given(cases(("static-batching",), noisy=False))
def test_nobody_joins_a_static_batch(case: Case) -> None:
    """On each device, requests that overlap start together, and no batch is larger than it may be."""
    schedule = served(case)
    for one in range(len(schedule.request)):
        overlaps = (schedule.on == schedule.on[one]) & (schedule.begins < schedule.ends[one])
        overlaps &= schedule.ends > schedule.begins[one]
        assert len(set(schedule.begins[overlaps].tolist())) == 1
        assert overlaps.sum() <= case.options.batch_size


@given(cases(noisy=False))
def test_memory_for_all_makes_policies_of_one_class_alike(case: Case) -> None:
    """With room for everybody at once nobody waits, whatever the policy but static batching."""
    arrivals = case.arrivals.with_priority(np.zeros(len(case.arrivals), dtype=np.int64))
    device = replace(case.device, kv_tokens=2000, max_batch_size=64)
    schedules = [
        simulate(arrivals, device, 1, policy(name)) for name in POLICIES if name != "static-batching"
    ]
    for schedule in schedules[1:]:
        assert np.array_equal(schedule.completion, schedules[0].completion)


def loaded(requests: int) -> Arrivals:
    """Return a trace that keeps two devices busy."""
    random = np.random.default_rng(7)
    return Arrivals.of(
        np.cumsum(random.exponential(75e6, requests)).astype(np.int64),
        random.integers(1, 2000, requests),
        random.integers(1, 500, requests),
        draw_classes(requests, 7),
    )


@pytest.mark.parametrize("name", POLICIES)
def test_loaded_devices(name: str) -> None:
    """A trace of full size, with memory that binds: the checker finds nothing."""
    arrivals, device = loaded(3000), RoundDevice(kv_tokens=20_000)
    wrong = np.clip(arrivals.gen + np.random.default_rng(1).integers(-200, 200, 3000), 1, None)
    for predicted in (None, wrong):
        schedule = simulate(arrivals, device, 2, policy(name), predicted)
        assert broken_rules(arrivals, device, 2, schedule) == []
        assert idle_while_waiting(arrivals, 2, schedule) == []


def test_requests_that_never_fit_are_refused() -> None:
    """A request longer than the memory, a missing device and missing predictions are bad input."""
    arrivals = Arrivals.of([0, 1], [10, 50], [10, 60])
    with pytest.raises(InputError, match=r"1 of 2 with more, up to 110"):
        simulate(arrivals, RoundDevice(kv_tokens=100), 1, policy("fcfs"))
    with pytest.raises(InputError, match="at least 1 device"):
        simulate(arrivals, RoundDevice(), 0, policy("fcfs"))
    with pytest.raises(InputError, match="2 predictions"):
        simulate(arrivals, RoundDevice(), 1, policy("fcfs"), np.array([1]))
    with pytest.raises(InputError, match="one of static-batching"):
        policy("lifo")


class Fickle(InOrder):
    """Starts requests, takes the last one out again at once, and starts it once more."""

    def decide(self, device: Device) -> None:
        """Start, preempt, start."""
        super().decide(device)
        latest = next(reversed(device.running))
        if device.generated(latest) == 0:
            device.preempt(latest)
            device.start(latest)


@settings(max_examples=60)
@given(cases(("fcfs",)))
def test_a_policy_may_change_its_mind(case: Case) -> None:
    """What is preempted before it ran leaves no trace."""
    schedules = [
        simulate(case.arrivals, case.device, case.devices, maker, case.predicted)
        for maker in (partial(Fickle, memory=LookAhead), policy("fcfs"))
    ]
    assert broken_rules(case.arrivals, case.device, case.devices, schedules[0]) == []
    for name in RoundSchedule.__dataclass_fields__:
        assert np.array_equal(getattr(schedules[0], name), getattr(schedules[1], name))


def test_a_policy_that_leaves_devices_idle_is_told() -> None:
    """Starting nothing on an idle device would stop time: an error says whose fault it is."""

    class Lazy(InOrder):
        def decide(self, device: Device) -> None:
            """Do nothing."""

    with pytest.raises(RuntimeError, match="Lazy leaves requests waiting"):
        simulate(loaded(3), RoundDevice(), 1, partial(Lazy, memory=LookAhead))
