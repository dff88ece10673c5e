"""The nested heuristic: its batches against all ways to cut a line, its plans against simpler ones."""

from __future__ import annotations

import random
from dataclasses import replace
from fractions import Fraction
from itertools import combinations, pairwise

import numpy as np
import pytest

import heuristics
from heuristics import BatchChoice, Uncoverable, assemble
from heuristics.nested import suits
from heuristics.nested.batches import cut_batches
from instances.demand import Demand
from instances.groups import Groups, form_groups
from instances.instance import Instance, Stream
from instances.limits import Limits
from instances.metrics import evaluate
from instances.presets import preset
from instances.shapes import Shape
from tests.heuristics.small import random_instance


def honest(rng: random.Random, limits: Limits, machine: str = "honest-static-graph") -> Instance:
    """Return a few requests of short prompts, whose batches may be worth sharing or not."""
    number = rng.randint(2, 9)
    demand = Demand.from_requests(
        [rng.randint(1, 128) for _ in range(number)], [rng.randint(1, 25) for _ in range(number)]
    )
    model = preset(machine)
    model["cost"] = replace(model["cost"], batch=Fraction(rng.choice((10**4, 10**6, 10**7))))
    return Instance("few", (Stream("s", demand),), limits=limits, **model)


def cheapest_cut(instance: Instance, groups: Groups, shape: Shape) -> Fraction:
    """Return the least cost of a plan in one shape whose batches are intervals of the gens, by trying all."""
    order = np.argsort(-groups.gen, kind="stable")
    line = np.repeat(order, groups.count[order])
    best: Fraction | None = None
    for cuts in range(len(line)):
        for places in combinations(range(1, len(line)), cuts):
            choices = []
            for low, high in pairwise([0, *places, len(line)]):
                members, amounts = np.unique(line[low:high], return_counts=True)
                choices.append(BatchChoice(0, shape, members, amounts, 1))
            try:
                plan = assemble(instance, groups, choices)
            except Uncoverable:
                continue
            cost = evaluate(instance, plan, groups).cost
            assert cost is not None
            best = cost if best is None else min(best, cost)
    assert best is not None
    return best


@pytest.mark.parametrize("seed", range(40))
def test_no_cut_of_a_line_is_cheaper(seed: int) -> None:
    """With no limit, one on size and one on tokens, and where slots are paid for, batches are cut at best."""
    rng = random.Random(seed)
    limits = (
        Limits(),
        Limits(max_batch_size=rng.randint(1, 4)),
        Limits(max_batch_tokens=rng.randint(160, 600)),
    )
    for limit in limits:
        instance = honest(rng, limit)
        groups = form_groups(instance)
        shape = Shape(128)
        cut = cut_batches(instance, groups, 0, shape, np.arange(len(groups)))
        cost = evaluate(instance, assemble(instance, groups, cut.batches), groups).cost
        assert cost == cheapest_cut(instance, groups, shape)
    padded = honest(rng, Limits(), "padded-batch")
    groups = form_groups(padded)
    cut = cut_batches(padded, groups, 0, Shape(128, 0, 4), np.arange(len(groups)))
    cost = evaluate(padded, assemble(padded, groups, cut.batches), groups).cost
    assert cost == cheapest_cut(padded, groups, Shape(128, 0, 4))


def test_plans_are_seldom_dearer_than_partitions() -> None:
    """On machines that it is made for, the heuristic beats `partition` far more often than not."""
    cheaper = dearer = 0
    for seed in range(300):
        instance = random_instance(seed)
        runs = replace(instance.runs, decode_at="shape", gen_at="batch")
        instance = replace(instance, runs=runs, shapes=replace(instance.shapes, gen=None))
        assert suits(instance)
        costs = []
        for name in ("nested", "partition"):
            try:
                costs.append(heuristics.run(name, instance).evaluation.cost)
            except Uncoverable:
                break
        if len(costs) < 2 or None in costs:
            continue
        cheaper += costs[0] < costs[1]
        dearer += costs[0] > costs[1]
    assert cheaper > 30
    assert dearer * 5 < cheaper


def test_many_requests_are_cut_where_gens_change() -> None:
    """A million requests of many gens are cut in seconds, full batches of one gen written once."""
    gens = np.arange(1, 900)
    demand = Demand.from_histogram(np.full_like(gens, 60), gens, np.full_like(gens, 1200))
    streams = (Stream("s", demand, Limits(max_batch_size=1000)),)
    instance = Instance("many", streams, max_shapes=1, **preset("honest-static-graph"))
    result = heuristics.run("nested", instance)
    assert result.evaluation.feasible
    assert result.seconds < 20
