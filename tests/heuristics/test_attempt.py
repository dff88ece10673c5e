"""Single runs of heuristics: whatever comes of one is an outcome."""

from __future__ import annotations

import pytest

from heuristics.attempt import Outcome, attempt
from heuristics.registry import HEURISTICS
from instances import catalog, read
from tests.heuristics import contenders


def test_a_plan_that_breaks_limits_is_kept_with_what_it_violates():
    """The outcome says so, and the evaluation by how much."""
    made = attempt(HEURISTICS["one-shape"], read(catalog.path("tiny/pad-ratio-real")))
    assert made.outcome is Outcome.VIOLATES
    assert made.plan is not None
    assert [violation.kind for violation in made.evaluation.violations] == ["pad_ratio"]


@pytest.mark.parametrize(
    ("heuristic", "outcome", "words"),
    [
        (contenders.failing, Outcome.FAILED, "ZeroDivisionError: division by zero"),
        (contenders.planless, Outcome.NO_PLAN, "nothing covers this"),
    ],
)
def test_errors_are_outcomes(heuristic, outcome, words):
    """A heuristic that raises or gives up says why."""
    made = attempt(heuristic, read(catalog.path("tiny/p75")))
    assert (made.outcome, made.reason, made.plan) == (outcome, words, None)
