"""Prompt clusters against every way to cut the line."""

from __future__ import annotations

import random
from importlib import import_module
from itertools import combinations, pairwise

import numpy as np
import pytest

import heuristics
from heuristics import BatchChoice, assemble
from heuristics.greedy.prices import Weights
from heuristics.prompt_clusters import clusters
from heuristics.prompt_clusters.clusters import cut_clusters
from instances.demand import Demand
from instances.groups import Groups, form_groups
from instances.instance import Instance, Stream
from instances.limits import Limits
from instances.metrics import evaluate
from instances.presets import preset
from instances.shapes import Shape


def line(seed: int) -> tuple[Instance, Groups]:
    """Return up to eight requests of one stream, batches of at most three or any number."""
    r = random.Random(seed)
    number = r.randint(1, 8)
    demand = Demand.from_requests(
        [r.randint(1, 400) for _ in range(number)], [r.randint(1, 90) for _ in range(number)]
    )
    limits = Limits(max_batch_size=r.choice([None, 3]))
    instance = Instance("line", (Stream("s", demand, limits),), **preset("static-graph"))
    return instance, form_groups(instance)


def cost(instance: Instance, groups: Groups, ends: list[int]) -> float:
    """Return the exact cost of the batches between ends of clusters, in groups."""
    shape = Shape(int(groups.prompt.max()))
    parts = [np.arange(low, high) for low, high in pairwise(ends)]
    choices = [BatchChoice(0, shape, part, groups.count[part]) for part in parts]
    found = evaluate(instance, assemble(instance, groups, choices)).cost
    assert found is not None
    return float(found)


@pytest.mark.parametrize("seed", range(60))
@pytest.mark.parametrize("block", [1, 200_000])
def test_no_cut_is_cheaper(seed: int, block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where each cluster is one batch the cut costs least of all; where it is several, it is priced high."""
    monkeypatch.setattr(clusters, "BLOCK", block)
    instance, groups = line(seed)
    cluster = cut_clusters(
        instance,
        0,
        np.full_like(groups.prompt, groups.prompt.max()),
        groups.prompt,
        groups.gen,
        groups.count.astype(np.float64),
        Weights(),
        0.0,
    )
    ends = [0, *(np.flatnonzero(np.diff(cluster)) + 1).tolist(), len(groups)]
    inner = range(1, len(groups))
    every = [[0, *cut, len(groups)] for k in range(len(groups)) for cut in combinations(inner, k)]
    least = min(cost(instance, groups, way) for way in every)
    reached = cost(instance, groups, ends)
    if instance.streams[0].limits.max_batch_size is None:
        assert reached == least
    else:
        assert least <= reached <= 1.5 * least


def test_batches_hold_no_more_than_allowed() -> None:
    """The cap on batch size is kept, and batches of neighbours are full where that is cheapest."""
    r = np.random.default_rng(1)
    demand = Demand.from_requests(r.integers(1, 500, 300), r.integers(1, 200, 300))
    stream = Stream("s", demand, Limits(max_batch_size=7))
    for machine in ("static-graph", "honest-static-graph"):
        instance = Instance("capped", (stream,), max_shapes=4, **preset(machine))
        result = heuristics.run("prompt-clusters", instance)
        assert result.evaluation.feasible
        assert int(result.plan.sizes.max()) <= 7


@pytest.mark.parametrize("machine", ["static-graph", "honest-static-graph", "padded-batch", "token"])
def test_many_groups_are_taken_together(machine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """More groups than are told apart give a sound plan all the same."""
    # The package's function of the same name hides the module.
    module = import_module("heuristics.prompt_clusters.prompt_clusters")
    monkeypatch.setattr(module, "MOST_GROUPS", 40)
    r = np.random.default_rng(4)
    demand = Demand.from_requests(r.integers(1, 4000, 400), r.integers(1, 900, 400))
    instance = Instance("many", (Stream("s", demand),), max_shapes=5, **preset(machine))
    assert heuristics.run("prompt-clusters", instance).evaluation.feasible
