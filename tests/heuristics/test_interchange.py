"""Local search over shapes."""

from __future__ import annotations

import random
import time
from fractions import Fraction

import numpy as np
import pytest

from heuristics.interchange import Interchange, interchange_plan, longest_type
from heuristics.nearest import nearest_plan
from instances.batch_model import BatchModel, form_batch_model
from instances.demand import Demand
from instances.instance import Instance, Stream
from instances.metrics import evaluate
from instances.presets import preset


def token_model(seed: int, max_shapes: int | None = None, count_cost: int = 40) -> BatchModel:
    """Return some log-normal requests on a machine whose shapes are prompt × gen."""
    rng = random.Random(seed)
    lengths = [(rng.lognormvariate(5, 1), rng.lognormvariate(4, 0.8)) for _ in range(40)]
    prompt, gen = (np.maximum(1, np.asarray(column).astype(int)) for column in zip(*lengths, strict=True))
    machine = preset("token", (64, 64), Fraction(count_cost))
    demand = Demand.from_requests(prompt, gen)
    return form_batch_model(Instance("t", (Stream("s", demand),), max_shapes=max_shapes, **machine))


def cost(model: BatchModel, types: set[int]) -> Fraction:
    """Return the exact cost of the plan that runs each request in the cheapest of some types."""
    plan = nearest_plan(model, np.asarray(sorted(types), dtype=np.int64))
    found = None if plan is None else evaluate(model.instance, plan).cost
    return Fraction(10**12) if found is None else found


@pytest.mark.parametrize("seed", range(6))
def test_no_single_move_improves_where_it_ends(seed: int) -> None:
    """Opening one more type, dropping one, or exchanging one never lowers the exact cost."""
    model = token_model(seed)
    everything = np.arange(len(model.types))
    found = Interchange(model, everything).descend(longest_type(model), time.monotonic() + 60)
    opened, reached = set(found.tolist()), cost(model, set(found.tolist()))
    assert reached <= cost(model, set(longest_type(model).tolist()))
    others = set(everything.tolist()) - opened
    neighbours = [opened | {new} for new in others] + [opened - {old} for old in opened]
    neighbours += [opened - {old} | {new} for old in opened for new in others]
    assert all(cost(model, neighbour) >= reached for neighbour in neighbours)


def test_a_start_with_more_shapes_than_allowed_is_cut_down() -> None:
    """Rounded relaxations may open more shapes than a plan can; the search drops them and goes on."""
    model = token_model(1, max_shapes=2)
    start = np.union1d(np.arange(0, len(model.types), 3), longest_type(model))
    assert len(start) > 2
    found = Interchange(model, np.arange(len(model.types))).descend(start, time.monotonic() + 60)
    assert len(found) <= 2
    assert cost(model, set(found.tolist())) < 10**12


def test_candidates_may_be_few() -> None:
    """Only candidates are opened, and types that cost nothing to open are."""
    model = token_model(2, count_cost=0)
    few = np.union1d(np.arange(0, len(model.types), 4), longest_type(model))
    found = Interchange(model, few).descend(longest_type(model), time.monotonic() + 60)
    assert set(found.tolist()) <= set(few.tolist())
    assert len(found) > 1


def test_too_much_to_hold_gives_no_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    """Over the limit on cells nothing is tried; under it the plan meets the instance."""
    model = token_model(3)
    plan = interchange_plan(model, time.monotonic() + 60)
    assert plan is not None
    assert evaluate(model.instance, plan).feasible
    monkeypatch.setattr("heuristics.interchange.MOST_CELLS", 10)
    assert interchange_plan(model, time.monotonic() + 60) is None
