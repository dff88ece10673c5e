"""States of running requests, however they are looked for."""

from __future__ import annotations

import numpy as np
import pytest

from milp.hindsight.rounds import RoundProblem, states
from milp.hindsight.rounds.groups import group


def partitions(tokens: int, smallest: int) -> int:
    """Return the number of multisets of parts of at least `smallest` that add up to at most `tokens`."""
    counts = [1] + [0] * tokens
    for part in range(smallest, tokens + 1):
        for total in range(part, tokens + 1):
            counts[total] += counts[total - part]
    return sum(counts)


@pytest.mark.parametrize("cells", [1, 40, 4_000_000])
def test_no_state_is_missed_in_slices(monkeypatch: pytest.MonkeyPatch, cells: int) -> None:
    """There are as many as partitions, whatever is looked at together; one fewer is too few."""
    monkeypatch.setattr(states, "CELLS", cells)
    groups = group(RoundProblem(14, np.zeros(1, np.int64), np.array([2]), np.array([12])))
    number = partitions(14, 3)
    assert states.enumerate_states(14, groups, number).number == number
    with pytest.raises(states.TooManyStates):
        states.enumerate_states(14, groups, number - 1)
