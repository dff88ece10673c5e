"""How long the optimal 1-D partition takes, by form and by number of distinct lengths.

    python -m benchmarks.partition [--lengths 100 500 10000 100000] [--shapes 8 32]

Lengths are drawn from all up to ten times their number, one request each, and cut into cells of least
padding. The graph is built and searched by networkx, so it is left out where it has too many edges. Seconds
are processor time; every form has to reach the same padding.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from itertools import pairwise

import networkx as nx
import numpy as np

import heuristics
from benchmarks.machine import machine, markdown
from heuristics.partition.line import Line, padding_line
from heuristics.partition.monotone import cheapest_cuts
from heuristics.partition.path import shortest_path
from instances.demand import Demand
from instances.instance import Instance, Stream
from instances.presets import preset

MOST_EDGES = 150_000
"""Edges of the largest graph that networkx searches."""


def in_graph(line: Line, counts: list[int]) -> list[int]:
    """Return the cheapest cuts as a shortest path of the graph of all segments."""
    graph: nx.DiGraph[int] = nx.DiGraph()
    graph.add_weighted_edges_from(line.edges(), weight="cost")
    path = shortest_path(graph, len(line), counts)
    assert path is not None
    return path


def timed(form: Callable[[Line, list[int]], list[int]], line: Line, shapes: int) -> tuple[float, int]:
    """Return the seconds that a form takes for at most so many cells, and the cost that it reaches."""
    start = time.process_time()
    cuts = form(line, [0] * (shapes + 1))
    seconds = time.process_time() - start
    cost = sum(int(line.cost(np.asarray([a]), np.asarray([b]))[0]) for a, b in pairwise(cuts))
    return seconds, cost


def row(number: int, shapes: int) -> list[str]:
    """Measure both forms on one line."""
    random = np.random.default_rng(0)
    lengths = random.choice(10 * number, number, replace=False) + 1
    _, line = padding_line(lengths, np.ones(number, dtype=np.int64))
    seconds, cost = timed(cheapest_cuts, line, shapes)
    graph = "–"
    if number * number // 2 <= MOST_EDGES:
        slow, other = timed(in_graph, line, shapes)
        assert other == cost
        graph = f"{slow:.2f}"
    return [f"{number:,}", str(shapes), graph, f"{seconds:.3f}"]


def heuristic_seconds(number: int) -> float:
    """Return the seconds that the heuristic takes for an instance of so many distinct prompts."""
    random = np.random.default_rng(0)
    prompt = random.choice(10 * number, number, replace=False) + 1
    demand = Demand.from_requests(prompt, random.integers(1, 500, number))
    parts = preset("honest-static-graph", (1, None))
    instance = Instance("partition", (Stream("s", demand),), max_shapes=8, **parts)
    start = time.process_time()
    heuristics.run("partition", instance)
    return time.process_time() - start


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--lengths", type=int, nargs="+", default=[100, 500, 10_000, 100_000])
    parser.add_argument("--shapes", type=int, nargs="+", default=[8, 32])
    given = parser.parse_args()
    rows = [row(number, shapes) for number in given.lengths for shapes in given.shapes]
    print("\n".join(markdown(["distinct lengths", "shapes", "networkx s", "numpy s"], rows)))
    print(f"\nheuristic partition, {given.lengths[-1]:,} distinct prompts, 8 shapes: ", end="")
    print(f"{heuristic_seconds(given.lengths[-1]):.2f} s; {machine(('numpy', 'networkx'))}")


if __name__ == "__main__":
    main()
