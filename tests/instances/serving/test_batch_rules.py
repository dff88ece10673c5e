"""Every rule of model A is noticed when a good schedule is bent to break it."""

from __future__ import annotations

import dataclasses
from fractions import Fraction

import numpy as np
import pytest

from heuristics.schedulers.batches import POLICIES, BatchOptions, policy, simulate
from heuristics.schedulers.batches.multi_bin import MultiBin
from instances.serving import Arrivals, BatchDevice, BatchSchedule
from instances.serving.batch_rules import broken_rules

DEVICE = BatchDevice(Fraction(10), Fraction(1), Fraction(1, 2), kv_tokens=100, max_batch_size=4)
ARRIVALS = Arrivals.of([0, 0, 0, 3, 4, 10**9], [5, 20, 5, 40, 5, 5], [5, 20, 5, 10, 5, 5])
GOOD = simulate(ARRIVALS, DEVICE, 2, policy("static-fifo", BatchOptions(batch_size=2)))


def bent(**columns) -> BatchSchedule:
    """Return the good schedule with other columns."""
    return dataclasses.replace(GOOD, **columns)


def changed(column, place, value):
    """Return a copy with one other entry."""
    column = column.copy()
    column[place] = value
    return column


def rules_of(schedule, *, devices=2, device=DEVICE, **settings):
    """Return the names of the rules that are broken."""
    return {broken.rule for broken in broken_rules(ARRIVALS, device, devices, schedule, **settings)}


def test_the_good_schedule_is_good():
    """Four batches on two devices, one of them long after the others."""
    assert GOOD.batch.tolist() == [0, 0, 1, 2, 2, 3]
    assert rules_of(GOOD) == set()


@pytest.mark.parametrize(
    ("rule", "schedule"),
    [
        ("every request is served exactly once", bent(batch=changed(GOOD.batch, 0, -1))),
        ("every request is served exactly once", bent(batch=changed(GOOD.batch, 0, 9))),
        ("a batch has a request", bent(batch=changed(GOOD.batch, 2, 0))),
        ("columns have one row per request or batch", bent(batch=GOOD.batch[1:])),
        ("columns have one row per request or batch", bent(start=GOOD.start[1:])),
        ("devices exist", bent(device=changed(GOOD.device, 1, 2))),
        ("devices exist", bent(device=changed(GOOD.device, 1, -1))),
        ("batches are in order of start", bent(start=changed(GOOD.start, 0, 10**9))),
        ("no batch starts before its requests arrived", bent(start=changed(GOOD.start, 3, 10**9 - 1))),
        ("a batch lasts as long as the device takes", bent(finish=GOOD.finish - 1)),
        ("a batch comes from one bin", bent(bin=changed(GOOD.bin, 0, 1))),
        ("no device runs two batches at once", bent(device=np.zeros_like(GOOD.device))),
        ("no device runs two batches at once", bent(start=changed(GOOD.start, 2, GOOD.start[2] - 1))),
        ("no device idles while a request waits", bent(start=GOOD.start + 1, finish=GOOD.finish + 1)),
        (
            "requests of a bin start in order of arrival",
            bent(batch=np.asarray([0, 2, 1, 0, 2, 3])),
        ),
    ],
)
def test_a_bent_schedule_breaks_the_rule(rule, schedule):
    """The checker names the rule that was broken."""
    assert rule in rules_of(schedule)


def test_limits_of_the_device_are_checked():
    """The same schedule on a smaller device holds too many requests, or too many tokens."""
    small = dataclasses.replace(DEVICE, max_batch_size=1)
    assert "no batch is larger than the device allows" in rules_of(GOOD, device=small)
    tight = dataclasses.replace(DEVICE, kv_tokens=59)
    assert "no batch holds more tokens than the memory" in rules_of(GOOD, device=tight)
    assert rules_of(GOOD, device=dataclasses.replace(DEVICE, kv_tokens=60)) == set()


def test_more_devices_would_have_idled():
    """What conserves work on two devices does not on three, unless that is not asked."""
    assert rules_of(GOOD, devices=3) == {"no device idles while a request waits"}
    assert rules_of(GOOD, devices=3, work_conserving=False) == set()


def test_every_policy_is_described_and_keeps_the_rules():
    """The registry's policies run as they are."""
    for name, entry in POLICIES.items():
        assert entry.summary
        assert rules_of(simulate(ARRIVALS, DEVICE, 2, policy(name))) == set()
    assert rules_of(simulate(ARRIVALS, DEVICE, 2, MultiBin(None, 3))) == set()
