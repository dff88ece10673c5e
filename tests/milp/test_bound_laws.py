"""What must hold of bounds whatever the numbers are."""

from __future__ import annotations

import random
import time
from dataclasses import replace
from fractions import Fraction
from functools import cache

import numpy as np
import pytest

import heuristics
from heuristics import Uncoverable
from instances.batch_model import BatchModel, form_batch_model
from instances.demand import Demand
from instances.digest import digest
from instances.instance import Instance, Stream
from instances.metrics import evaluate
from instances.plan import Plan
from instances.running import entry_groups
from instances.shapes import Sizes
from milp import Status, solve
from milp.boxes import divide
from milp.lagrangian import Box, Prices, lower_bound
from milp.root.ascent import ascend, cheapest_prices
from milp.root.pricing import FloatPrices
from milp.translate import plan_types
from tests.heuristics.small import names_for
from tests.milp.prices import random_prices, random_splits
from tests.milp.samples import sample
from tests.oracle import best_plan
from tests.strategies import random_plan

BLOCK = 50


@cache
def ascended(seed: int) -> FloatPrices:
    """Return prices near the best ones of a random instance."""
    found = sample(seed)
    assert found.best is not None
    target = float(found.best.cost * found.instance.cost_scale)
    return ascend(found.model, cheapest_prices(found.model), target, 15, time.monotonic() + 60)[0]


def good_prices(seed: int, rng: random.Random) -> Prices:
    """Return prices near the best ones, limits priced at random besides, cold starts and links sometimes."""
    model, best, found = sample(seed).model, sample(seed).best, ascended(seed)
    assert best is not None
    ticks = float(best.cost * model.instance.cost_scale)
    group = found.group * np.asarray([rng.choice((1, 1, 1, 0.9, 1.2)) for _ in found.group])
    limit = found.limit + np.asarray(
        [rng.choice((0, 0, 1)) * rng.random() * ticks / max(1.0, abs(float(row.bound))) for row in model.rows]
    )
    exact = FloatPrices(group, limit).rounded(2**10, 2**20, rng.random() < 0.7)
    drawn = random_prices(model, rng)
    if rng.random() < 0.5:
        return exact
    link = (drawn.link % max(1, int(ticks))).astype(np.int64)
    return replace(exact, link_group=drawn.link_group, link_shape=drawn.link_shape, link=link)


def holding_box(model: BatchModel, plan: Plan, rng: random.Random) -> Box:
    """Return the box of a random node on the path to a plan."""
    typed = plan_types(model, plan)
    assert typed is not None
    kinds = [model.types.key(index) for index in typed[0].tolist()]
    group, amount = entry_groups(model.groups, plan), plan.entry_count * plan.copies[plan.entry_batch]
    box = Box()
    for split in random_splits(model, rng, rng.randint(1, 7)):
        if rng.random() < 0.6:
            # Near what the plan does, so that both sides are taken.
            split = replace(split, at=0 if split.on == "shape" else rng.choice((0, 0, 1)))
        if split.on == "shapes":
            value = len({kind[1:4] for kind in kinds})
        elif split.on == "shape":
            value = int(any(kind[1:4] == split.of for kind in kinds))
        elif split.on == "batches":
            value = sum(int(n) for kind, n in zip(kinds, plan.copies, strict=True) if kind == split.of)
        else:
            inside = [kinds[batch] == split.of[:7] for batch in plan.entry_batch.tolist()]
            same = (model.groups.prompt[group] == split.of[7]) & (model.groups.gen[group] == split.of[8])
            value = int(amount[np.asarray(inside) & same].sum())
        box = divide(model, box, split)[value > split.at]
    return box


@pytest.mark.parametrize("block", range(11))
def test_bound_is_never_over_the_optimum(block: int) -> None:
    """Whatever the prices, L is at most the optimum; with objective 0 it proves no feasible case empty."""
    near = 0
    for seed in range(BLOCK * block, BLOCK * (block + 1)):
        found = sample(seed)
        if found.best is None:
            continue
        rng = random.Random(seed)
        for number in range(4):
            prices = good_prices(seed, rng) if number % 2 else random_prices(found.model, rng)
            value = lower_bound(found.model, prices).value
            assert value is not None
            assert value <= (found.best.cost if prices.objective else 0), f"seed {seed}"
            near += value > found.best.cost * Fraction(9, 10)
    assert near > 20


@pytest.mark.parametrize("block", range(5))
def test_bound_in_a_box_is_never_over_a_plan_of_the_box(block: int) -> None:
    """L in a box is at most the cost of the optimal plan, and of other feasible ones, in the box."""
    near, compared = 0, 0
    for seed in range(BLOCK * block, BLOCK * (block + 1)):
        found = sample(seed)
        if found.best is None:
            continue
        rng = random.Random(seed)
        plans = [found.best.plan] * 4 + [random_plan(found.instance, number) for number in range(2)]
        for plan in plans:
            if plan is None:
                continue
            evaluation = evaluate(found.instance, plan)
            if not evaluation.feasible or plan_types(found.model, plan) is None:
                continue
            assert evaluation.cost is not None
            prices = good_prices(seed, rng)
            value = lower_bound(found.model, prices, holding_box(found.model, plan, rng)).value
            assert value is not None, f"seed {seed}: a box that holds a plan is said to hold none"
            assert value <= evaluation.cost, f"seed {seed}"
            near += value > evaluation.cost * Fraction(9, 10)
            compared += 1
    assert compared > 100
    assert near > 20


@pytest.mark.parametrize("block", range(3))
def test_heuristics_are_never_under_the_optimum(block: int) -> None:
    """No feasible plan of a heuristic costs less than the optimum, and none is found if none exists."""
    feasible = 0
    for seed in range(BLOCK * block, BLOCK * (block + 1)):
        found = sample(seed)
        for name in names_for(seed):
            try:
                result = heuristics.run(name, found.instance, found.model.groups)
            except Uncoverable:
                continue
            if result.evaluation.feasible:
                assert found.best is not None, f"seed {seed}: {name}"
                assert result.evaluation.cost is not None
                assert result.evaluation.cost >= found.best.cost, f"seed {seed}: {name}"
                feasible += 1
    assert feasible > 20


def test_certified_bounds_bracket_the_optimum() -> None:
    """Lower bound ≤ optimum ≤ cost for random instances, so what is certified optimal is the optimum."""
    optimal = infeasible = 0
    for seed in range(20):
        found = sample(seed)
        result = solve(found.instance, time_limit=5)
        assert result.status is not Status.REJECTED
        if found.best is None:
            assert result.evaluation is None or not result.evaluation.feasible
            assert result.status in (Status.INFEASIBLE, Status.NO_PLAN)
            infeasible += result.status is Status.INFEASIBLE
            continue
        assert result.cost is not None
        assert result.lower_bound is not None
        assert result.lower_bound <= found.best.cost <= result.cost, f"seed {seed}"
        optimal += result.status is Status.OPTIMAL
    assert optimal > 10
    assert infeasible > 0


def permuted(instance: Instance, rng: random.Random) -> Instance:
    """Return the instance with the requests of every stream in another order."""
    streams = []
    for stream in instance.streams:
        demand = stream.demand
        order = np.asarray(rng.sample(range(demand.requests), demand.requests))
        rows = demand.row_of_ids()[order]
        ids = None if demand.ids is None else demand.ids[order]
        streams.append(
            replace(stream, demand=Demand.from_requests(demand.prompt[rows], demand.gen[rows], ids))
        )
    return replace(instance, streams=tuple(streams))


def test_order_of_requests_changes_nothing() -> None:
    """Requests in another order are the same problem: same digest, and L of the same prices is the same."""
    for seed in range(100):
        found, rng = sample(seed), random.Random(seed)
        other = permuted(found.instance, rng)
        assert digest(other) == digest(found.instance)
        prices = random_prices(found.model, rng)
        assert (
            lower_bound(form_batch_model(other), prices).numerator
            == lower_bound(found.model, prices).numerator
        )


def test_order_of_streams_changes_no_optimum() -> None:
    """Streams in another order, and requests within them, leave the optimum and the certified bound alone."""
    compared = 0
    for seed in range(80):
        found = sample(seed)
        if len(found.instance.streams) < 2 or found.best is None:
            continue
        other = permuted(found.instance, random.Random(seed))
        other = replace(other, streams=tuple(reversed(other.streams)))
        best = best_plan(other)
        assert best is not None
        assert best.cost == found.best.cost
        if compared < 8:
            results = [solve(instance, time_limit=5) for instance in (found.instance, other)]
            assert all(result.lower_bound is not None for result in results)
            if all(result.status is Status.OPTIMAL for result in results):
                assert results[0].lower_bound == results[1].lower_bound == best.cost
                compared += 1
    assert compared > 4


def test_a_further_allowed_shape_never_costs() -> None:
    """With one more size in the list of prompts, the optimum is no higher, by oracle and solver."""
    compared, solved, lower = 0, 0, 0
    for seed in range(300):
        found = sample(seed)
        sizes = found.instance.shapes.prompt.values
        if not sizes:
            continue
        rng = random.Random(seed)
        added = rng.choice(
            [size for size in range(1, max(sizes) + 3) if size not in sizes] or [max(sizes) + 1]
        )
        space = replace(found.instance.shapes, prompt=Sizes(values=tuple(sorted({*sizes, added}))))
        wider = replace(found.instance, shapes=space)
        best = best_plan(wider)
        if found.best is not None:
            assert best is not None, f"seed {seed}"
            assert best.cost <= found.best.cost, f"seed {seed}"
            compared += 1
            lower += best.cost < found.best.cost
        if best is not None and solved < 8:
            result = solve(wider, time_limit=5)
            if result.status is Status.OPTIMAL:
                assert result.cost == best.cost
                solved += 1
    assert compared > 50
    assert lower > 5
    assert solved == 8


def one_request(cold: int) -> Instance:
    """Return an instance of one request whose only plan costs 8 and takes 8 + cold milliseconds."""
    from instances.cost import CostModel, Phases, TimeModel
    from instances.limits import Limits
    from instances.shapes import ShapeSpace

    work = Phases((Fraction(0), Fraction(1), Fraction(0)))
    return Instance(
        "one",
        (Stream("a", Demand.from_requests([8], [1]), Limits(total_time=Fraction(100))),),
        ShapeSpace(Sizes(8)),
        CostModel(work),
        TimeModel(work, cold_start=Fraction(cold)),
    )


def test_a_request_that_must_run_is_counted_once() -> None:
    """With x ≥ 1 in the box and cold starts in L, the request's cost is counted by τ or by χ, not by both."""
    model = form_batch_model(one_request(cold=3))
    prices = Prices(1, 1, np.zeros(1, dtype=np.int64), np.zeros(1, dtype=np.int64), 1, cold=True)
    assert lower_bound(model, prices, Box(requests={(0, 0): (1, None)})).value == 8
    assert lower_bound(model, prices, Box(batches={0: (1, None)})).value == 8
