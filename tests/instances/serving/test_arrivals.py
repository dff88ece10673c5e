"""Requests over time: order, rate scaling and digest."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from instances.errors import InputError
from instances.serving import Arrivals

times = st.lists(st.integers(0, 10**12), min_size=1, max_size=20)
rates = st.fractions(Fraction(1, 50), 500)


def _arrivals(arrival: list[int]) -> Arrivals:
    ones = np.ones(len(arrival), dtype=np.int64)
    return Arrivals.of(arrival, ones * np.arange(1, len(arrival) + 1), ones)


@given(times)
def test_requests_are_sorted_by_arrival_and_ties_keep_their_order(arrival: list[int]) -> None:
    """Prompt lengths number the requests: the sorted pairs are those of a stable sort in Python."""
    got = _arrivals(arrival)
    first = min(arrival)
    wanted = sorted(range(len(arrival)), key=lambda i: arrival[i])
    assert got.arrival.tolist() == [arrival[i] - first for i in wanted]
    assert got.prompt.tolist() == [i + 1 for i in wanted]


@given(times, rates)
def test_a_rate_divides_every_arrival_exactly(arrival: list[int], rate: Fraction) -> None:
    """Rounded down to nanoseconds, as rational arithmetic says, with nothing lost to floats."""
    got = _arrivals(arrival)
    assert got.faster(rate).arrival.tolist() == [int(Fraction(t) / rate) for t in got.arrival.tolist()]


@given(times)
def test_the_digest_tells_columns_apart(arrival: list[int]) -> None:
    """Another length, class or arrival is another problem; the same columns are the same one."""
    got = _arrivals(arrival)
    assert got.digest() == _arrivals(arrival).digest()
    others = [
        Arrivals(got.arrival, got.prompt + 1, got.gen, got.priority),
        Arrivals(got.arrival + 1, got.prompt, got.gen, got.priority),
        got.with_priority(got.priority + 1),
    ]
    assert len({got.digest(), *(other.digest() for other in others)}) == 4


@pytest.mark.parametrize(
    ("arrival", "prompt", "gen"),
    [([], [], []), ([0], [0], [1]), ([0], [1], [0]), ([0, 1], [1], [1])],
    ids=["none", "no prompt", "no gen", "ragged"],
)
def test_impossible_requests_are_refused(arrival: list[int], prompt: list[int], gen: list[int]) -> None:
    """None at all, empty prompts or answers, and columns of different lengths."""
    columns = [np.array(column, dtype=np.int64) for column in (arrival, prompt, gen)]
    with pytest.raises(InputError):
        Arrivals(*columns, np.zeros(len(arrival), dtype=np.int64))


@pytest.mark.parametrize("rate", [Fraction(0), Fraction(-1), Fraction(1, 10**12)], ids=str)
def test_rates_that_stop_or_outrun_the_clock_are_refused(rate: Fraction) -> None:
    """A rate of zero, a negative one, and one that spreads an hour over millennia."""
    with pytest.raises(InputError, match="rate"):
        _arrivals([0, 3600 * 10**9]).faster(rate)
