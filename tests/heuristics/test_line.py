"""Cheapest cuts of a line: every form against all partitions, and against each other."""

from __future__ import annotations

import random
import time
from itertools import combinations, pairwise

import networkx as nx
import numpy as np
import pytest

from heuristics.partition import monotone
from heuristics.partition.layers import layered_cuts
from heuristics.partition.least import least_padding
from heuristics.partition.line import Line, form_line, padding_line
from heuristics.partition.monotone import cheapest_cuts
from heuristics.partition.path import shortest_path

SEEDS = range(100)


def random_line(r: random.Random) -> Line:
    """Return a line of up to nine points whose segments are charged by up to three prices."""
    points, terms = r.randint(1, 9), r.randint(1, 3)
    scale = r.choice([1, 1, 10**12])
    weight = np.asarray([[scale * r.randint(0, 5) for _ in range(terms)] for _ in range(points)])
    price = np.asarray([[scale * r.randint(0, 20) for _ in range(terms)] for _ in range(points)])
    opening = np.asarray([r.randint(0, 15) for _ in range(points)])
    return form_line(weight, np.sort(price, axis=0), opening)


def path_cost(line: Line, counts: list[int], path: list[int]) -> int:
    """Return what a path costs, segment by segment."""
    ends = ((np.asarray([low]), np.asarray([high])) for low, high in pairwise(path))
    return sum(int(line.cost(low, high)[0]) for low, high in ends) + counts[len(path) - 1]


def all_paths(points: int, most: int) -> list[list[int]]:
    """Return every way to cut so many points into at most so many segments."""
    ways = range(min(points, most))
    return [[0, *cuts, points] for k in ways for cuts in combinations(range(1, points), k)]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("short", [0, 300])
def test_no_partition_of_a_line_is_cheaper(seed: int, short: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """By divide and conquer, in dense layers and as a path of a graph: all reach the least cost."""
    monkeypatch.setattr(monotone, "SHORT", short)
    r = random.Random(seed)
    line = random_line(r)
    counts = [r.randint(0, 30) for _ in range(r.randint(2, len(line) + 3))]
    least = min(path_cost(line, counts, path) for path in all_paths(len(line), len(counts) - 1))
    assert path_cost(line, counts, cheapest_cuts(line, counts)) == least
    graph: nx.DiGraph[int] = nx.DiGraph()
    graph.add_weighted_edges_from(line.edges(), weight="cost")
    found = shortest_path(graph, len(line), counts)
    assert found is not None
    assert path_cost(line, counts, found) == least


@pytest.mark.parametrize("seed", SEEDS)
def test_layers_agree_with_the_graph_at_any_costs(seed: int) -> None:
    """Segments of any costs, some of them missing: both forms find paths that cost the same, or none."""
    r = random.Random(seed)
    points, scale = r.randint(1, 8), r.choice([1, 10**20])
    cost = np.asarray([r.randint(0, 40) for _ in range(points**2)], dtype=object) * scale
    cost = cost.reshape(points, points)
    possible = np.asarray([[r.random() < 0.6 for _ in range(points)] for _ in range(points)])
    counts = sorted(scale * r.randint(0, 30) for _ in range(r.randint(2, points + 1)))
    graph: nx.DiGraph[int] = nx.DiGraph()
    graph.add_nodes_from(range(points + 1))
    pairs = [(low, high) for low, high in combinations(range(points + 1), 2) if possible[low, high - 1]]
    graph.add_weighted_edges_from(((low, high, cost[low, high - 1]) for low, high in pairs), weight="cost")

    def total(path: list[int]) -> int:
        return sum(int(cost[low, high - 1]) for low, high in pairwise(path)) + counts[len(path) - 1]

    found, other = layered_cuts(cost, possible, counts), shortest_path(graph, points, counts)
    assert (found is None) == (other is None)
    if found is not None and other is not None:
        assert set(pairwise(found)) <= set(pairs)
        assert total(found) == total(other)


@pytest.mark.parametrize("seed", range(40))
def test_forms_agree_on_longer_lines(seed: int) -> None:
    """On lines of 60 points, layers, divide and conquer and shortest paths reach the same cost."""
    r = np.random.default_rng(seed)
    lengths, line = padding_line(r.integers(1, 5000, 60), r.integers(1, 9, 60))
    counts = [int(r.integers(0, 3000)) * n * n for n in range(12)]
    graph: nx.DiGraph[int] = nx.DiGraph()
    graph.add_weighted_edges_from(line.edges(), weight="cost")
    found = shortest_path(graph, len(lengths), counts)
    assert found is not None
    dense = cheapest_cuts(line, counts)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(monotone, "SHORT", 0)
        divided = cheapest_cuts(line, counts)
    costs = [path_cost(line, counts, path) for path in (found, dense, divided)]
    assert costs[0] == costs[1] == costs[2]


def test_least_padding_names_upper_ends() -> None:
    """Two cells of lengths 1 to 4 and 10: the long one stands alone, however few ask for it."""
    lengths, count = np.asarray([1, 2, 3, 4, 10]), np.asarray([5, 5, 5, 5, 1])
    assert least_padding(lengths, count, 2).tolist() == [4, 10]
    assert least_padding(lengths, count, 9).tolist() == lengths.tolist()


def test_a_hundred_thousand_lengths_take_less_than_two_seconds() -> None:
    """10⁵ distinct lengths are cut into eight cells of least padding in under 2 s of one processor."""
    lengths = np.random.default_rng(0).choice(10**6, 100_000, replace=False) + 1
    start = time.process_time()
    distinct, line = padding_line(lengths, np.ones(len(lengths), dtype=np.int64))
    cuts = cheapest_cuts(line, [0] * 9)
    assert time.process_time() - start < 2
    assert len(distinct) == 100_000
    assert len(cuts) == 9
    # Any cut that is moved by one point costs more.
    cost = path_cost(line, [0] * 9, cuts)
    for place in range(1, 8):
        for step in (-1, 1):
            moved = [*cuts[:place], cuts[place] + step, *cuts[place + 1 :]]
            assert path_cost(line, [0] * 9, moved) >= cost
