"""Single runs of heuristics: whatever comes of one is an outcome, in this process or in a child."""

from __future__ import annotations

import pytest

from heuristics.attempt import Outcome, attempt, attempt_apart
from heuristics.registry import HEURISTICS
from instances import catalog, read
from tests.heuristics import contenders


def test_a_child_finds_what_this_process_finds():
    """The plan of a heuristic does not depend on where it runs."""
    instance = read(catalog.path("capacity/padded-batch-60"))
    here, there = attempt(HEURISTICS["greedy"], instance), attempt_apart(HEURISTICS["greedy"], instance, 60)
    assert here.outcome is Outcome.WITHIN
    assert here.evaluation == there.evaluation


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
    """A heuristic that raises or gives up says why, here and in a child alike."""
    instance = read(catalog.path("tiny/p75"))
    for made in (attempt(heuristic, instance), attempt_apart(heuristic, instance, 60)):
        assert (made.outcome, made.reason, made.plan) == (outcome, words, None)


def test_a_child_that_dies_is_a_failure():
    """Its exit code is told; nobody waits for an answer."""
    made = attempt_apart(contenders.dying, read(catalog.path("tiny/p75")), 60)
    assert (made.outcome, made.reason) == (Outcome.FAILED, "its process ended with code 9")


def test_a_child_that_takes_too_long_is_stopped():
    """The time limit holds, and is what the reason names."""
    made = attempt_apart(contenders.sleeping, read(catalog.path("tiny/p75")), 0.5)
    assert (made.outcome, made.reason) == (Outcome.OUT_OF_TIME, "not done after 0.5 s")
