"""Model A: its simulator keeps every law, agrees with a plain one, and its policies do what they say."""

from __future__ import annotations

import dataclasses
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heuristics.schedulers.batches import BatchOptions, policy, run, simulate, without_oversized
from heuristics.schedulers.batches.multi_bin import MultiBin, longest_queue
from heuristics.schedulers.batches.registry import POLICIES
from heuristics.schedulers.batches.sizing import Sizing
from heuristics.schedulers.predictors import NoisyOracle
from instances.errors import InputError
from instances.serving import Arrivals, BatchDevice
from instances.serving.batch_rules import broken_rules
from tests.heuristics.schedulers.batches.plain import plain
from tests.heuristics.schedulers.batches.traffic import MS, devices, policies, sizings, traffic

PLAIN = BatchDevice(Fraction(10), Fraction(1), Fraction(0), kv_tokens=100, max_batch_size=64)
"""A batch of any size takes 10 ms and 1 ms per token of its longest request."""


def predictions(arrivals, error, seed):
    """Return noisy predictions."""
    return NoisyOracle(Fraction(error, 4)).predict(arrivals.gen, seed)


@given(traffic(), devices(), st.integers(1, 4), policies(), st.integers(0, 8), st.integers(0, 99))
def test_every_law_is_kept(arrivals, device, count, rules, error, seed):
    """Every request is served once, none before it arrived, in memory, in order; no device idles in vain."""
    schedule = simulate(arrivals, device, count, rules, predictions(arrivals, error, seed))
    assert broken_rules(arrivals, device, count, schedule) == []


@given(traffic(25), devices(), st.integers(1, 3), policies(), st.integers(0, 8), st.integers(0, 99))
def test_agrees_with_the_plain_simulator(arrivals, device, count, rules, error, seed):
    """Queues of objects, one event at a time, give the same batches on the same devices at the same ns."""
    predicted = predictions(arrivals, error, seed)
    schedule = simulate(arrivals, device, count, rules, predicted)
    columns = (schedule.device.tolist(), schedule.start.tolist(), schedule.finish.tolist())
    members = [np.flatnonzero(schedule.batch == k).tolist() for k in range(len(schedule.start))]
    found = list(zip(*columns, members, strict=True))
    assert found == plain(arrivals, device, count, rules, predicted.tolist())


@given(traffic(), devices(), st.integers(1, 3), sizings())
def test_one_bin_is_dynamic(arrivals, device, count, sizing):
    """Multi-bin with one bin and dynamic give the same schedule, column by column."""
    dynamic = simulate(arrivals, device, count, policy("dynamic", BatchOptions(sizing=sizing)))
    for one_bin in (MultiBin((), sizing=sizing), MultiBin(None, 1, "longest-queue", sizing)):
        other = simulate(arrivals, device, count, one_bin)
        for column in dataclasses.fields(dynamic):
            assert (getattr(dynamic, column.name) == getattr(other, column.name)).all()


@given(traffic(), devices(), st.integers(0, 99))
def test_policies_do_not_see_true_lengths(arrivals, device, seed):
    """Until a batch finishes, other gen lengths behind the same predictions change no choice."""
    together = Arrivals.of(arrivals.arrival * 0, arrivals.prompt, arrivals.gen)
    predicted = predictions(together, 4, seed)
    roomy = dataclasses.replace(device, kv_tokens=10**6)
    other = Arrivals.of(together.arrival, together.prompt, together.gen[::-1])
    count = len(together)
    for name in POLICIES:
        first, second = (simulate(each, roomy, count, policy(name), predicted) for each in (together, other))
        assert (first.batch == second.batch).all()


def test_static_fifo_by_hand():
    """Three requests in batches of two: the second batch starts when the first is over."""
    arrivals = Arrivals.of([0, 0, 5], [3, 5, 1], [1, 5, 1])
    found = run(arrivals, PLAIN, 1, policy("static-fifo", BatchOptions(batch_size=2)))
    assert found.rows["batch"].tolist() == [0, 0, 1]
    assert found.served.start.tolist() == [0, 0, 20 * MS]
    assert found.served.completion.tolist() == [20 * MS, 20 * MS, 32 * MS]
    assert found.served.first_token.tolist() == [16 * MS, 16 * MS, 32 * MS]
    assert found.metrics.utilisation == 1
    assert found.metrics.total.wait.most == 20 * MS - 5


def test_finish_comes_before_arrival_of_the_same_ns():
    """A request that arrives just when the lower device is freed runs there, with what else has waited."""
    arrivals = Arrivals.of([0, 1, 2, 20 * MS], [5, 20, 5, 5], [5, 20, 5, 5])
    schedule = simulate(arrivals, PLAIN, 2, policy("static-fifo"))
    assert schedule.device.tolist() == [0, 1, 0]
    assert schedule.batch.tolist() == [0, 1, 2, 2]


def test_what_does_not_fit_keeps_its_place():
    """A batch ends at the first request that the memory cannot hold, though a later one would fit."""
    arrivals = Arrivals.of([0, 0, 0, 0], [30, 30, 50, 1], [10, 10, 10, 1])
    schedule = simulate(arrivals, PLAIN, 1, policy("static-fifo"))
    assert schedule.batch.tolist() == [0, 0, 1, 1]


def test_oversized_requests_are_refused_or_dropped():
    """A request that no device can hold is an error that counts them, or is dropped and counted."""
    arrivals = Arrivals.of([0, 7, 9], [100, 50, 20], [1, 50, 90])
    with pytest.raises(InputError, match=r"at most 100 tokens.* found 2 of 3 with more, up to 110"):
        simulate(arrivals, PLAIN, 1, policy("dynamic"))
    kept, dropped = without_oversized(arrivals, PLAIN)
    assert (len(kept), dropped, kept.arrival.tolist()) == (1, 2, [0])
    assert broken_rules(kept, PLAIN, 1, simulate(kept, PLAIN, 1, policy("dynamic"))) == []


def test_bins_are_served_in_turn():
    """Round-robin goes on behind the bin it served last; an empty bin is passed over."""
    arrivals = Arrivals.of([0] * 6, [1] * 6, [1, 1, 10, 10, 30, 30])
    rules = MultiBin((5, 20), choice="round-robin")
    narrow = dataclasses.replace(PLAIN, max_batch_size=1)
    schedule = simulate(arrivals, narrow, 1, rules)
    assert schedule.bin[np.argsort(schedule.batch)].tolist() == [0, 1, 2, 0, 1, 2]


def test_longest_queue_takes_the_lowest_of_several():
    """Most waiting requests win, and of equal queues the first."""
    assert longest_queue([1, 3, 3, 0]) == 1


@pytest.mark.parametrize(
    ("predicted", "bins", "edges"),
    [
        ([5, 1, 3, 2, 4, 6], 3, (3, 5)),
        ([7] * 9, 4, ()),
        ([1, 1, 1, 9], 2, ()),
        ([1, 9, 9, 9], 2, (9,)),
        ([4], 5, ()),
    ],
)
def test_equal_mass_edges(predicted, bins, edges):
    """Bins hold equally many requests; equal predictions stay together and no bin is empty by design."""
    assert MultiBin(None, bins).edges(np.asarray(predicted)) == edges


@pytest.mark.parametrize(
    "make",
    [
        lambda: MultiBin((64, 64)),
        lambda: MultiBin((0, 64)),
        lambda: MultiBin(None, 0),
        lambda: Sizing(window=0),
        lambda: policy("static-fifo", BatchOptions(batch_size=0)),
        lambda: policy("no-such-policy"),
        lambda: simulate(Arrivals.of([0], [1], [1]), PLAIN, 0, policy("dynamic")),
    ],
)
def test_unusable_settings_are_refused(make):
    """Each is an InputError when it is made, not an accident in the midst of a simulation."""
    with pytest.raises(InputError):
        make()


def test_progress_is_told():
    """Somebody who listens hears how many of the requests are served."""
    arrivals = Arrivals.of(np.arange(40_000) * 20 * MS, np.full(40_000, 5), np.full(40_000, 5))
    heard = []
    simulate(arrivals, PLAIN, 1, policy("static-fifo"), progress=heard.append)
    served = [progress.served for progress in heard]
    assert served
    assert served == sorted(served)
    assert served[-1] <= heard[-1].requests == 40_000
