"""What requests pay for whole batches is checked against every batch and every start."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations, pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from instances.serving import Arrivals, BatchDevice
from milp.hindsight.batches.case import BatchCase
from milp.hindsight.batches.company import (
    PARTS,
    Classes,
    Steps,
    least_cost,
    mean_latency_by_company,
    slacks,
)
from milp.hindsight.batches.company_search import find_payments
from milp.hindsight.batches.device_prices import mean_latency_by_device_prices
from milp.hindsight.batches.device_prices_search import find_device_prices
from milp.hindsight.problem import HindsightProblem
from tests.milp.hindsight.problems import random_problem

NS = Fraction(1, 10**6)


def small(arrival: list[int], tokens: list[int], most: int) -> BatchCase:
    """Return a problem whose times are a few ns, so that all starts can be tried."""
    device = BatchDevice(3 * NS, NS, Fraction(1, 2), 40, most)
    arrivals = Arrivals.of(arrival, tokens, [1] * len(tokens))
    return BatchCase(HindsightProblem(arrivals, device, 2))


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(4, 9)), min_size=1, max_size=5),
    st.integers(1, 4),
    st.integers(1, 25),
    st.lists(st.integers(0, 4 * PARTS), min_size=1, max_size=5),
    st.data(),
)
def test_every_batch_at_every_start(
    requests: list[tuple[int, int]], most: int, width: int, price: list[int], data: st.DataObject
) -> None:
    """The bound holds exactly if no batch costs less than its members pay, at any start in whole ns."""
    case = small([r for r, _ in requests], [tokens for _, tokens in requests], most)
    count = len(requests)
    paid = data.draw(st.lists(st.integers(0, 40), min_size=count, max_size=count))
    arrival, tokens = case.arrivals.arrival.tolist(), case.arrivals.tokens.tolist()
    ends = [r + v for r, v in zip(arrival, paid, strict=True)]
    levels = [0]
    for now in range(400):
        levels.append(levels[-1] + (price[now // width] if now // width < len(price) else 0))
    least = 10**9
    for size in range(1, case.most + 1):
        for batch in combinations(range(count), size):
            taken = case.device.duration(size, max(tokens[i] for i in batch))
            first = max(arrival[i] for i in batch)
            if size > case.largest[case.row[list(batch)].max()]:
                continue
            for s in range(first, 200):
                cost = PARTS * size * (s + taken) + levels[s + taken] - levels[s]
                least = min(least, cost - PARTS * sum(ends[i] for i in batch))
    lengths = tuple(case.lengths.tolist())
    found = mean_latency_by_company(case, lengths, width, tuple(price), tuple(paid))
    assert (found is not None) == (least >= 0)
    if found is not None:
        whole = PARTS * sum(ends) - 2 * width * sum(price)
        start = sum(arrival)
        assert found == Fraction(-(-whole // PARTS) - start, count)
    coarse = mean_latency_by_company(case, lengths[:1], width, tuple(price), tuple(paid))
    assert coarse is None or coarse == found


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(0, 90), min_size=1, max_size=6),
    st.integers(1, 25),
    st.lists(st.integers(0, 9 * PARTS), min_size=1, max_size=6),
)
def test_the_cheapest_start_between_events(arrival: list[int], width: int, price: list[int]) -> None:
    """No start in whole ns between two events is cheaper than the one that is reckoned with."""
    case = small(arrival, [4 + i for i in range(len(arrival))], 3)
    classes = Classes(case, tuple(case.lengths.tolist()))
    steps = Steps(width, np.array(price))
    moments = np.unique(np.concatenate((case.arrivals.arrival, steps.times)))
    least = least_cost(moments, classes, steps, case.most)
    for event, (first, last) in enumerate(pairwise(moments.tolist())):
        starts = np.arange(first, last + 1)[:, None, None]
        ends = starts + classes.taken
        cost = PARTS * np.arange(1, case.most + 1) * ends + steps.until(ends) - steps.until(starts)
        assert (least[event] == cost.min(axis=0)).all()


def test_the_best_payers_of_a_long_trace() -> None:
    """Those that are kept up to date from event to event are the best of all that have arrived."""
    case = BatchCase(random_problem(3, 400))
    found = find_payments(case, find_device_prices(case), 3)
    assert found is not None
    classes = Classes(case, found.shortest[::4])
    arrival = case.arrivals.arrival
    paid = arrival + np.array(found.paid)
    steps = Steps(found.width, np.array(found.price))
    seen = 0
    for part in slacks(arrival, classes, steps, paid):
        for event in range(0, len(part.start), 17):
            now = part.start[event]
            for own in range(len(classes.taken)):
                members = part.member[event, own]
                listed = paid[members[members >= 0]]
                # Lists are brought up to date at arrivals: some may have ceased to gain since.
                listed = listed[listed > now]
                gain = (arrival < now) & (classes.of <= own) & (paid > now)
                best = np.sort(paid[gain])[::-1][: case.most]
                # Of those that arrive at this very time some may follow.
                if not (arrival == now).any():
                    assert listed.tolist() == best.tolist()
                    seen += len(best)
    assert seen > 300


def test_company_beats_prices_of_fractions() -> None:
    """Where devices are busy and batches small, the bound that serves requests in fractions is far lower."""
    problem = random_problem(7, 150)
    case = BatchCase(problem)
    prices = find_device_prices(case)
    found = find_payments(case, prices)
    assert found is not None
    value = mean_latency_by_company(case, found.shortest, found.width, found.price, found.paid)
    assert value is not None
    assert value > Fraction(6, 5) * mean_latency_by_device_prices(case, prices)
