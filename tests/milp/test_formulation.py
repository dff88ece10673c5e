"""The integer program against the definition: same optimum, and plans are solutions and back."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from instances.batch_model import form_batch_model
from instances.instance import Instance
from instances.limits import Limits
from instances.metrics import evaluate
from instances.shapes import RunRules, ShapeSpace
from milp import solve
from milp.engines.cpsat import cpsat
from milp.formulation import Formulation, formulate
from milp.translate import plan_of, plan_types, solution_of
from tests.milp.samples import sample
from tests.oracle import best_plan, candidate_shapes, from_plan, measure
from tests.oracle.definition import Batch, run
from tests.strategies import random_instance, random_plan

BLOCK = 40


def breaches(formulation: Formulation, solution: np.ndarray) -> list[str]:
    """Return the rows and bounds that a solution breaks, in exact arithmetic."""
    values = solution.tolist()
    activity = [0] * formulation.height
    entries = (formulation.entry_row, formulation.entry_column, formulation.entry_value)
    for row, column, value in zip(*(part.tolist() for part in entries), strict=True):
        activity[row] += value * values[column]
    found = [
        f"{formulation.row_kind[row]} {row}"
        for row, total in enumerate(activity)
        if ((low := formulation.row_lower[row]) is not None and total < low)
        or ((high := formulation.row_upper[row]) is not None and total > high)
    ]
    names = formulation.column_names()
    found += [name for name, value in zip(names, values, strict=True) if value < 0]
    uppers = zip(names, values, formulation.upper, strict=True)
    return found + [name for name, value, upper in uppers if upper is not None and value > upper]


@pytest.mark.parametrize("block", range(4))
def test_optimum_equals_the_oracle(block: int) -> None:
    """CP-SAT's optimum of the whole formulation is the oracle's, and gives a feasible plan of that cost."""
    feasible = infeasible = 0
    for seed in range(BLOCK * block, BLOCK * (block + 1)):
        found = sample(seed)
        if not len(found.model.types):
            assert found.best is None
            continue
        formulation = formulate(found.instance, found.model)
        outcome = cpsat(formulation, workers=1, time_limit=20)
        if found.best is None:
            assert outcome.claimed_infeasible, f"seed {seed}"
            infeasible += 1
            continue
        assert outcome.solution is not None, f"seed {seed}"
        value = Fraction(formulation.value(outcome.solution), found.instance.cost_scale)
        assert breaches(formulation, outcome.solution) == []
        assert value == found.best.cost, f"seed {seed}"
        plan = plan_of(formulation, outcome.solution)
        evaluation = evaluate(found.instance, plan)
        assert evaluation.feasible, f"seed {seed}: {evaluation.violations}"
        assert evaluation.cost == value, f"seed {seed}"
        back = solution_of(formulation, plan)
        if not formulation.columns.device:
            assert back is not None
            assert breaches(formulation, back) == [], f"seed {seed}"
            assert formulation.value(back) == value * found.instance.cost_scale
        feasible += 1
    assert feasible > 25
    assert infeasible > 0


@pytest.mark.parametrize("block", range(2))
def test_feasible_plans_are_solutions(block: int) -> None:
    """Random feasible plans, and the optimal one, satisfy every row exactly and cost what they cost."""
    compared = 0
    for seed in range(60 * block, 60 * block + 60):
        found = sample(seed)
        if found.best is None:
            continue
        formulation = formulate(found.instance, found.model)
        for plan in (found.best.plan, *(random_plan(found.instance, number) for number in range(8))):
            if plan is None or formulation.columns.device:
                continue
            evaluation = evaluate(found.instance, plan)
            if not evaluation.feasible or plan_types(found.model, plan) is None:
                continue
            solution = solution_of(formulation, plan)
            assert solution is not None, f"seed {seed}"
            assert breaches(formulation, solution) == [], f"seed {seed}"
            assert evaluation.cost is not None
            # A plan in larger shapes than it needs is written in smaller ones.
            assert formulation.value(solution) <= evaluation.cost * found.instance.cost_scale
            compared += 1
    assert compared > 60


def test_one_shape_suffices() -> None:
    """Where running does not depend on the declared prompt and nothing else is compiled, the optimum over all
    shapes is its optimum with only the candidates, one per stream's longest prompt.
    """
    compared = more = 0
    for seed in range(120):
        instance = random_instance(seed, requests=4, limited=False)
        free = replace(
            instance,
            shapes=ShapeSpace(instance.shapes.prompt),
            runs=RunRules(),
            cost=replace(
                instance.cost, compile=tuple(t for t in instance.cost.compile if not t.gen and not t.batch)
            ),
            max_shapes=1 + seed % 3,
        )
        best = best_plan(free)
        if best is None:
            continue
        candidates = set(formulate(free).model.types.shapes)
        assert len(candidates) <= len(free.streams)
        assert best.cost == _best_within(free, {shape.prompt for shape in candidates})
        compared += 1
        more += len(candidate_shapes(free)) > len(candidates)
    assert compared > 80
    assert more > 40


def _best_within(instance: Instance, prompts: set[int]) -> Fraction:
    """Return CP-SAT's optimum, checked to be a feasible plan in the given prompts only."""
    formulation = formulate(instance)
    outcome = cpsat(formulation, workers=1, time_limit=20)
    assert outcome.solution is not None
    plan = plan_of(formulation, outcome.solution)
    assert set(plan.prompt.tolist()) <= prompts
    evaluation = evaluate(instance, plan)
    assert evaluation.feasible
    assert evaluation.cost is not None
    return evaluation.cost


def test_tight_corners_suffice() -> None:
    """A batch in any shape costs and takes no less than the same requests in its own type, which is in a
    candidate shape within the declared one; the number of shapes does not rise.
    """
    compared = lowered = 0
    for seed in range(200):
        instance = replace(random_instance(seed, limited=False), max_shapes=None, limits=Limits())
        model = form_batch_model(instance)
        plan = random_plan(instance, seed)
        if plan is None or not len(model.types):
            continue
        typed = plan_types(model, plan)
        assert typed is not None, f"seed {seed}: a batch is of no type"
        batches = from_plan(instance, plan)
        kinds = [k for k, n in zip(typed[0].tolist(), plan.copies.tolist(), strict=True) for _ in range(n)]
        own = [
            batch._replace(shape=model.types.shapes[int(model.types.shape[kind])])
            for batch, kind in zip(batches, kinds, strict=True)
        ]
        for batch, other, kind in zip(batches, own, kinds, strict=True):
            _assert_no_worse(instance, batch, other)
            assert int(model.types.capacity[kind]) >= len(batch.requests)
        assert len({b.shape for b in own}) <= len({b.shape for b in batches})
        assert measure(instance, own)[1].cost <= measure(instance, batches)[1].cost
        compared += 1
        lowered += any(a.shape != b.shape for a, b in zip(batches, own, strict=True))
    assert compared > 100
    assert lowered > 20


def _assert_no_worse(instance: Instance, batch: Batch, other: Batch) -> None:
    before, after = run(instance, batch.shape, batch.requests), run(instance, other.shape, other.requests)
    assert before is not None
    assert after is not None
    assert after.tokens <= before.tokens
    assert after.memory <= before.memory
    assert all(a <= b for a, b in zip(after.prefills, before.prefills, strict=True))
    assert (after.side, after.steps) <= (before.side, before.steps)


def test_a_cold_start_may_fall_on_any_of_many_like_pairs() -> None:
    """The optimal plan is a solution though more pairs than a few dozen would take its cold start alike.

    The formulation once offered only some of these, and engines claimed bounds over the optimum.
    """
    instance = random_instance(408, requests=19)
    best = solve(instance, time_limit=20.0, workers=1)
    assert best.plan is not None
    assert best.cost is not None
    formulation = formulate(instance)
    solution = solution_of(formulation, best.plan)
    assert solution is not None
    assert formulation.value(solution) == best.cost * instance.cost_scale
