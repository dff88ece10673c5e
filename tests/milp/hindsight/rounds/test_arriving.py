"""Arrivals in time as arrivals in rounds."""

from __future__ import annotations

import pytest

from instances.errors import InputError
from instances.serving import Arrivals
from milp.hindsight.rounds.arriving import in_rounds


def test_a_request_waits_for_the_end_of_the_round_in_which_it_arrives() -> None:
    """At the end of a round itself it waits no longer, and one ns later a whole round."""
    arrivals = Arrivals.of([0, 1, 10, 11, 20], [1] * 5, [2] * 5)
    assert in_rounds(arrivals, 9, 10).arrival.tolist() == [0, 1, 1, 2, 2]


def test_requests_that_do_not_fit_are_refused() -> None:
    """As by the problem itself."""
    with pytest.raises(InputError, match="at most 9 tokens"):
        in_rounds(Arrivals.of([0], [5], [5]), 9, 10)
