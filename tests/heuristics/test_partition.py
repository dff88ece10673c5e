"""The partition heuristic against all partitions, and its shortest paths against all paths."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import combinations, pairwise

import networkx as nx
import numpy as np
import pytest

import heuristics
from heuristics import BatchChoice, Uncoverable, assemble
from heuristics.partition.path import shortest_path
from heuristics.room import batch_sizes, smallest_shape
from instances.demand import Demand
from instances.groups import Groups, form_groups
from instances.instance import Instance, Stream
from instances.metrics import evaluate
from instances.plan import Plan
from instances.presets import preset
from instances.shapes import Sizes
from tests.heuristics.small import random_instance

MOST = 6
"""Most distinct prompts whose partitions are all tried."""


def all_partitions(instance: Instance, groups: Groups) -> Iterator[Plan]:
    """Yield the plan of every way to cut the prompt lengths, with every choice of compiled batch sizes."""
    prompts = np.unique(groups.prompt).tolist()
    most = instance.shape_limit or len(prompts)
    for cuts in range(min(most, len(prompts))):
        for places in combinations(range(1, len(prompts)), cuts):
            yield from _plans(instance, groups, prompts, [0, *places, len(prompts)])


def _plans(instance: Instance, groups: Groups, prompts: list[int], path: list[int]) -> Iterator[Plan]:
    options: list[list[BatchChoice]] = [[]]
    for low, high in pairwise(path):
        inside = (groups.prompt >= prompts[low]) & (groups.prompt <= prompts[high - 1])
        longest = prompts[high - 1], int(groups.gen[inside].max())
        options = [
            [*before, *_choices(groups, inside, instance, longest, size)]
            for before in options
            for size in batch_sizes(instance)
        ]
    for choices in options:
        try:
            yield assemble(instance, groups, choices)
        except Uncoverable:
            continue


def _choices(
    groups: Groups, inside: np.ndarray, instance: Instance, longest: tuple[int, int], size: int
) -> Iterator[BatchChoice]:
    shape = smallest_shape(instance, *longest, size)
    for stream in range(len(instance.streams)):
        mine = inside & (groups.stream == stream)
        bits = [
            (gen - 1).bit_length() if instance.runs.gen_at == "batch" else 0 for gen in groups.gen.tolist()
        ]
        for bit in sorted(set(bits)):
            part = np.flatnonzero(mine & (np.asarray(bits) == bit))
            if len(part):
                yield BatchChoice(stream, shape, part, groups.count[part])


@pytest.mark.parametrize("seed", range(60))
def test_no_partition_is_cheaper(seed: int) -> None:
    """Where its edge costs are exact, the heuristic finds the cheapest of all partitions."""
    instance = random_instance(seed)
    if len(np.unique(form_groups(instance).prompt)) > MOST:
        instance = replace(instance, shapes=replace(instance.shapes, prompt=Sizes(values=(10, 20, 30, 40))))
    compiled = instance.runs.decode_at == "shape" and instance.runs.gen_at == "shape"
    unlimited = all(instance.batch_limits(k) == (None, None) for k in range(len(instance.streams)))
    groups = form_groups(instance)
    costs = [evaluate(instance, plan, groups).cost for plan in all_partitions(instance, groups)]
    if not costs:
        with pytest.raises(Uncoverable):
            heuristics.run("partition", instance)
        return
    cost = heuristics.run("partition", instance).evaluation.cost
    least = min(cost for cost in costs if cost is not None)
    assert cost is not None
    assert cost >= least
    if compiled or (unlimited and instance.shapes.batch is None):
        assert cost == least


@pytest.mark.parametrize("seed", range(200))
def test_path_is_the_cheapest_with_its_count_cost(seed: int) -> None:
    """On small random graphs, whose costs by number of edges are not convex, no path is cheaper."""
    r = random.Random(seed)
    end = r.randint(1, 8)
    graph: nx.DiGraph[int] = nx.DiGraph()
    graph.add_nodes_from(range(end + 1))
    pairs = [pair for pair in combinations(range(end + 1), 2) if r.random() < 0.7]
    graph.add_weighted_edges_from(((a, b, r.randint(0, 30)) for a, b in pairs), weight="cost")
    counts = [r.choice([0, 1, 4]) * n * n for n in range(r.randint(1, end) + 1)]
    counts = sorted(counts)

    def total(path: list[int]) -> int:
        return sum(graph.edges[edge]["cost"] for edge in pairwise(path)) + counts[len(path) - 1]

    paths = [path for path in nx.all_simple_paths(graph, 0, end) if len(path) <= len(counts)]
    found = shortest_path(graph, end, counts)
    if not paths:
        assert found is None
    else:
        assert found is not None
        assert total(found) == min(map(total, paths))


@pytest.mark.parametrize("machine", ["static-graph", "honest-static-graph", "padded-batch", "token"])
def test_many_lengths_share_bounds(machine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """More prompts than bounds give a plan that serves everybody within the allowed number of shapes."""
    monkeypatch.setattr("heuristics.partition.segments.FINEST", 40)
    r = np.random.default_rng(1)
    demand = Demand.from_requests(r.integers(1, 100_000, 3000), r.integers(1, 500, 3000))
    parts = preset(machine, (64, None), Fraction(1000))
    instance = Instance("many", (Stream("s", demand),), max_shapes=5, **parts)
    for limited in (instance, replace(instance, max_shapes=None)):
        result = heuristics.run("partition", limited)
        assert not result.evaluation.violations
        assert limited.max_shapes is None or len(result.plan.shapes) <= limited.max_shapes
