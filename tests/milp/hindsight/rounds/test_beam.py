"""Schedules by beam search, and what is dropped because it is too late for it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from milp.hindsight.rounds import RoundProblem, mc_sf
from milp.hindsight.rounds.backward import Backward, counters
from milp.hindsight.rounds.beam import beam_schedule
from milp.hindsight.rounds.counted import CountedValues, counted_values
from milp.hindsight.rounds.groups import group, starts_of
from milp.hindsight.rounds.prices import DENOMINATOR, find_prices
from milp.hindsight.rounds.states import enumerate_states
from milp.hindsight.rounds.sublimation import limit_of
from milp.hindsight.rounds.values import plain_values
from tests.milp.hindsight.rounds.brute import least_latency, tiny_problems


def _program(problem: RoundProblem, price: list[int] | None = None) -> Backward:
    groups = group(problem)
    states = enumerate_states(problem.memory, groups, 10_000)
    if price is None:
        found = find_prices(problem, groups, states, lambda: False, most=200).price
    else:
        found = np.resize(np.array(price, dtype=np.int64), len(groups.count))
    return Backward(groups, states, found, DENOMINATOR)


@given(tiny_problems(), st.lists(st.integers(-200, 800), min_size=1, max_size=6))
@settings(max_examples=60, deadline=None)
def test_a_beam_as_wide_as_all_there_is_finds_the_optimum(problem: RoundProblem, price: list[int]) -> None:
    """Only width and limit cut schedules off: no rule for what is too late or too much, no merging."""
    program = _program(problem, price)
    values = plain_values(program)
    least = least_latency(problem) + int(problem.arrival.sum())
    found = beam_schedule(program, values, 10**6, limit_of(program, least + 1))
    assert found is not None
    start = starts_of(problem, program.groups, found)
    assert problem.fault(start) is None
    assert problem.latency(start) + int(problem.arrival.sum()) == least
    assert beam_schedule(program, values, 10**6, limit_of(program, least)) is None


@pytest.fixture(scope="module")
def crowded() -> RoundProblem:
    """Thirty requests over twenty rounds, about twice as many as the memory has room for meanwhile."""
    draw = np.random.default_rng(3)
    return RoundProblem(25, np.sort(draw.integers(0, 20, 30)), np.full(30, 3), draw.integers(1, 23, 30))


def test_a_narrow_beam_beats_mc_sf(crowded: RoundProblem) -> None:
    """A hundred partial schedules per layer give a better one than MC-SF, which ends in time."""
    program = _program(crowded)
    limit = limit_of(program, int((mc_sf(crowded) + crowded.gen).sum()))
    found = beam_schedule(program, plain_values(program), 100, limit)
    assert found is not None
    start = starts_of(crowded, program.groups, found)
    assert crowded.fault(start) is None
    assert crowded.latency(start) < crowded.latency(mc_sf(crowded))


def test_dropping_what_is_too_late_saves_keys_only(
    crowded: RoundProblem, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The shortest path with counted lengths is the same, found through fewer keys."""
    program = _program(crowded)
    claim = int((mc_sf(crowded) + crowded.gen).sum())

    def values() -> CountedValues:
        counts = counters(program.groups, program.states, tuple(range(4)))
        return counted_values(program, counts, plain_values(program), limit_of(program, claim), 10**6)

    with_rule = values()
    monkeypatch.setattr(Backward, "in_time", lambda self, layer, counts, keys: keys >= 0)
    without = values()
    assert with_rule.whole == without.whole
    assert [len(nodes.key) for nodes in with_rule.layers] == [len(nodes.key) for nodes in without.layers]
    assert with_rule.visited < 0.9 * without.visited
