"""CP-SAT takes every warm start as a complete and feasible solution, in its own words."""

from __future__ import annotations

import re

import pytest

import heuristics
from instances.catalog import path
from instances.files import read
from instances.metrics import evaluate
from milp import formulate, solve
from milp.engines.cpsat import cpsat
from milp.translate import solution_of
from tests.milp.samples import sample

SAYS = "The solution hint is complete and is feasible"

WARM = (
    ("tiny/honest-static-graph", "one-shape"),
    ("tiny/static-graph", "one-per-batch"),
    ("tiny/token-count-quadratic", "greedy"),
    ("tiny/token-count-table-nonconvex", "one-shape"),
    ("tiny/max-batch-size", "one-shape"),
    ("tiny/batch-at-shape-max-batch-tokens", "one-per-batch"),
    ("tiny/two-streams-share-shapes", "one-shape"),
    ("tiny/cold-start-hidden", "one-per-batch"),
    ("tiny/completion", "greedy"),
    ("tiny/completion-two-streams", "one-per-batch"),
    ("tiny/max-batch-tokens", "powers-of-two"),
)


@pytest.mark.parametrize(("name", "heuristic"), WARM, ids=lambda value: value)
def test_the_hint_is_complete_and_feasible(name: str, heuristic: str) -> None:
    """The log of CP-SAT calls the warm start complete and feasible, at the cost of the plan."""
    instance = read(path(name))
    formulation = formulate(instance)
    plan = heuristics.run(heuristic, instance).plan
    if not evaluate(instance, plan).feasible:
        warm = solve(instance, time_limit=10).plan
        assert warm is not None
        plan = warm
    hint = solution_of(formulation, plan)
    assert hint is not None
    log = cpsat(formulation, hint=hint, time_limit=2, workers=1).log
    assert SAYS in log
    told = re.search(SAYS + r"\. Its objective value is (\S+)\.", log)
    assert told is not None
    # The log prints nine digits.
    assert float(told[1]) == float(f"{formulation.value(hint):.9g}")


def test_a_wrong_hint_is_called_so() -> None:
    """With one value changed the log does not say it, so the test above can fail."""
    instance = read(path("tiny/static-graph"))
    formulation = formulate(instance)
    hint = solution_of(formulation, heuristics.run("one-per-batch", instance).plan)
    assert hint is not None
    hint[int(formulation.columns.x[int(hint[formulation.columns.x].argmax())])] = 0
    assert SAYS not in cpsat(formulation, hint=hint, time_limit=2, workers=1).log


def test_random_optima_are_complete_hints() -> None:
    """The oracle's optimal plan of random instances is a complete and feasible hint."""
    compared = 0
    for seed in range(60):
        found = sample(seed)
        if found.best is None or compared == 30:
            continue
        formulation = formulate(found.instance, found.model)
        hint = solution_of(formulation, found.best.plan)
        if formulation.columns.device:
            continue
        assert hint is not None, f"seed {seed}"
        assert SAYS in cpsat(formulation, hint=hint, time_limit=2, workers=1).log, f"seed {seed}"
        compared += 1
    assert compared == 30
