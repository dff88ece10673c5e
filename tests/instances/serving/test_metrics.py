"""Metrics and composition of simulations equal what their definitions say, one request at a time."""

from __future__ import annotations

from fractions import Fraction
from math import ceil
from statistics import pvariance

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heuristics.schedulers.batches import run
from instances.errors import InputError
from instances.serving import Arrivals, ServiceLevel
from instances.serving.metrics import Spread, latencies, percentile, queue_depth
from tests.heuristics.schedulers.batches.plain import duration
from tests.heuristics.schedulers.batches.traffic import devices, policies, traffic

LATENCIES = st.lists(st.integers(1, 10**8), min_size=1, max_size=4).map(tuple)


@st.composite
def simulations(draw):
    """Draw a simulation with all that went into it."""
    arrivals, device, count = draw(traffic(25)), draw(devices()), draw(st.integers(1, 3))
    promised = draw(st.one_of(st.none(), st.builds(ServiceLevel, LATENCIES)))
    return (
        arrivals,
        device,
        count,
        promised,
        run(arrivals, device, count, draw(policies()), service_level=promised),
    )


def summary(values):
    """Return mean, percentiles and maximum of numbers, by definition."""
    ordered = sorted(values)
    ranks = {q: ordered[ceil(Fraction(q, 100) * len(ordered)) - 1] for q in (50, 95, 99)}
    return Spread(Fraction(sum(ordered), len(ordered)), ranks[50], ranks[95], ranks[99], ordered[-1])


@given(simulations())
def test_groups_are_summed_up(drawn):
    """Latencies, first tokens, waits and violations of all, of each class and of each bin."""
    arrivals, device, _, promised, found = drawn
    batch, start = found.rows["batch"].tolist(), found.served.start.tolist()
    arrived, prompt = arrivals.arrival.tolist(), arrivals.prompt.tolist()
    first = []
    for request in range(len(arrivals)):
        members = [other for other in range(len(arrivals)) if batch[other] == batch[request]]
        reading = max(prompt[other] for other in members) + 1
        first.append(start[request] + duration(device, len(members), reading))

    def expect(group, members):
        done = found.served.completion.tolist()
        assert group.requests == len(members)
        assert group.latency == summary([done[r] - arrived[r] for r in members])
        assert group.first_token == summary([first[r] - arrived[r] for r in members])
        assert group.wait == summary([start[r] - arrived[r] for r in members])
        if promised is None:
            assert group.violations is None
        else:
            limit = [promised.latency[min(k, len(promised.latency) - 1)] for k in arrivals.priority.tolist()]
            assert group.violations == sum(done[r] - arrived[r] > limit[r] for r in members)

    everyone = range(len(arrivals))
    expect(found.metrics.total, everyone)
    for number, group in found.metrics.classes.items():
        expect(group, [r for r in everyone if arrivals.priority[r] == number])
    for number, group in found.metrics.bins.items():
        expect(group, [r for r in everyone if found.rows["bin"][r] == number])
    assert sum(group.requests for group in found.metrics.classes.values()) == len(arrivals)


@given(simulations())
def test_rates_and_utilisation(drawn):
    """Throughput, goodput and busy time are counts over the makespan."""
    arrivals, _, count, promised, found = drawn
    metrics, makespan = found.metrics, int(found.served.completion.max())
    assert metrics.makespan == makespan
    assert metrics.throughput == Fraction(len(arrivals) * 10**9, makespan)
    assert metrics.tokens_per_second == Fraction(sum(arrivals.gen.tolist()) * 10**9, makespan)
    working = sum((found.busy.finish - found.busy.start).tolist())
    assert metrics.utilisation == Fraction(working, count * makespan)
    assert metrics.utilisation <= 1
    if promised is not None:
        assert metrics.goodput == Fraction((len(arrivals) - metrics.total.violations) * 10**9, makespan)
    sizes = np.bincount(found.rows["batch"]).tolist()
    assert metrics.batch_size == summary(sizes)


@given(simulations())
def test_queue_depth_over_time(drawn):
    """As many wait as have arrived and not been taken up; the mean is the area over the time."""
    arrivals, _, _, _, found = drawn
    times, depth = queue_depth(arrivals, found.served.start)
    assert times.tolist() == sorted(set(times.tolist()))
    for time, waiting in zip(times.tolist(), depth.tolist(), strict=True):
        assert waiting == int(((arrivals.arrival <= time) & (found.served.start > time)).sum())
    area = sum((np.diff(times) * depth[:-1]).tolist())
    assert found.metrics.mean_depth == Fraction(area, found.metrics.makespan)
    assert found.metrics.most_depth == max(depth.tolist())


@given(simulations())
def test_composition_of_batches(drawn):
    """Variance, range and longest over mean are those of the lengths in each batch."""
    arrivals, _, _, _, found = drawn
    overall, bins = found.composition
    batch, bin_of, tokens = (
        column.tolist() for column in (found.rows["batch"], found.rows["bin"], arrivals.tokens)
    )

    def expect(one, wanted):
        lengths = [
            [Fraction(tokens[r]) for r in range(len(arrivals)) if batch[r] == k]
            for k in sorted({batch[r] for r in range(len(arrivals)) if wanted(bin_of[r])})
        ]
        assert one.batches == len(lengths)
        assert one.size == summary([len(each) for each in lengths])
        assert one.variance == sum(map(pvariance, lengths)) / len(lengths)
        assert one.range == sum(max(each) - min(each) for each in lengths) / len(lengths)
        assert one.max_over_mean == sum(max(each) * len(each) for each in lengths) / sum(map(sum, lengths))

    expect(overall, lambda number: True)
    for wanted in set(bin_of):
        expect(bins[wanted], lambda number, wanted=wanted: number == wanted)


@given(
    st.lists(st.integers(-(10**6), 10**6), min_size=1), st.fractions(min_value=Fraction(1, 1000), max_value=1)
)
def test_percentile_is_the_nearest_rank(values, quantile):
    """At least ⌈qN⌉ values are no larger, and fewer are smaller."""
    found = percentile(np.asarray(values), quantile)
    rank = ceil(quantile * len(values))
    assert sum(value <= found for value in values) >= rank
    assert sum(value < found for value in values) < rank


def test_quantiles_out_of_range_are_refused():
    """There is no percentile 0."""
    with pytest.raises(InputError):
        percentile(np.asarray([1]), Fraction(0))


def test_service_levels():
    """Later classes have the last promise, and late means later than promised, not just as late."""
    arrivals = Arrivals.of([0, 0, 0, 10], [1] * 4, [1] * 4, [0, 1, 5, 0])
    promised = ServiceLevel((10, 20))
    completion = np.asarray([10, 21, 20, 21])
    assert latencies(arrivals, completion).tolist() == [10, 21, 20, 11]
    assert promised.deadlines(arrivals).tolist() == [10, 20, 20, 20]
    assert promised.violations(arrivals, completion).tolist() == [False, True, False, True]
    with pytest.raises(InputError):
        ServiceLevel(())
    with pytest.raises(InputError):
        ServiceLevel((5, 0))
