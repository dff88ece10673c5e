"""Heuristics in a child process: the same plans, and a limit that holds."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from heuristics.attempt import Outcome, attempt
from heuristics.child import Child
from heuristics.registry import HEURISTICS
from instances import catalog, read
from tests.heuristics import contenders

TINY = "tiny/p75"


@pytest.fixture(scope="module")
def child() -> Iterator[Child]:
    """Return a child that the tests share, as heuristics do."""
    with Child() as made:
        yield made


def test_a_child_finds_what_this_process_finds(child, tmp_path, monkeypatch):
    """The plan of a heuristic does not depend on where it runs, nor on the current folder."""
    monkeypatch.chdir(tmp_path)
    instance = read(catalog.path("capacity/padded-batch-60"))
    here, there = attempt(HEURISTICS["greedy"], instance), child.attempt(HEURISTICS["greedy"], instance, 60)
    assert here.outcome is Outcome.WITHIN
    assert here.evaluation == there.evaluation


def test_the_child_runs_this_very_package(child):
    """Another version of the package, installed beside this one, is not what it imports."""
    assert child.attempt(contenders.where, read(catalog.path(TINY)), 60).reason == f"RuntimeError: {_here()}"


def _here() -> Path:
    import heuristics

    return Path(heuristics.__file__)


@pytest.mark.parametrize(
    ("heuristic", "outcome", "words"),
    [
        (contenders.failing, Outcome.FAILED, "ZeroDivisionError: division by zero"),
        (contenders.planless, Outcome.NO_PLAN, "nothing covers this"),
        (contenders.dying, Outcome.FAILED, "its process died"),
        (contenders.sleeping, Outcome.OUT_OF_TIME, "not done after 0.5 s"),
    ],
)
def test_what_goes_wrong_is_an_outcome_and_the_next_one_runs(child, heuristic, outcome, words):
    """It raises, gives up, dies or hangs; the child is there for the next heuristic."""
    instance = read(catalog.path(TINY))
    begin = time.monotonic()
    made = child.attempt(heuristic, instance, 0.5 if outcome is Outcome.OUT_OF_TIME else 60)
    assert (made.outcome, made.reason, made.plan) == (outcome, words, None)
    assert time.monotonic() - begin < 30
    assert child.attempt(HEURISTICS["one-per-batch"], instance, 60).outcome is Outcome.WITHIN
