"""Shortest paths in an acyclic graph where the number of edges has a cost of its own.

With a price λ on every edge, the shortest path shows the cheapest plan of some number n of edges, and its
length less λn bounds the paths of every other number n from below. Prices are tried until these bounds meet
the best path. Numbers that stay open are searched with a node for each (edges so far, place), along those
edges only that can still be part of a better path.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from itertools import pairwise
from typing import Any, TypeVar

import networkx as nx

from instances.instance import Instance

Node = TypeVar("Node", bound=Hashable)

PRICES = 30
"""Most prices tried; each new one lies where the bounds of two others cross."""


class _Search:
    """The best path so far and what is known of each number of edges."""

    def __init__(self, graph: nx.DiGraph[int], end: int, counts: list[int]) -> None:
        self.graph, self.end, self.counts = graph, end, counts
        self.best: list[int] | None = None
        self.least: int | None = None
        self.lengths: dict[int, int] = {}

    def priced(self, price: int) -> tuple[int, int]:
        """Return the number of edges and the cost of the shortest path at a price."""
        path: list[int] = nx.dijkstra_path(self.graph, 0, self.end, weight=_dearer(price))
        edges, cost = len(path) - 1, _cost(self.graph, path)
        self.lengths[price] = cost + price * edges
        self.offer(path, cost)
        return edges, cost

    def offer(self, path: list[int], cost: int) -> None:
        """Keep a path if it has few enough edges and beats the best."""
        edges = len(path) - 1
        if edges < len(self.counts) and (self.least is None or cost + self.counts[edges] < self.least):
            self.best, self.least = path, cost + self.counts[edges]

    def bound(self, edges: int) -> int:
        """Return a lower bound on the cost of every path of so many edges."""
        return max(length - price * edges for price, length in self.lengths.items()) + self.counts[edges]

    def open_numbers(self) -> list[int]:
        """Return the numbers of edges that may still have a better path."""
        return [n for n in range(1, len(self.counts)) if self.least is None or self.bound(n) < self.least]


def shortest_path(graph: nx.DiGraph[int], end: int, counts: list[int]) -> list[int] | None:
    """Return the path from node 0 to `end` of least cost; None if there is none of so few edges.

    Parameters
    ----------
    graph
        Acyclic, nodes 0 to `end`, with a whole ``cost`` of at least 0 on each edge.
    counts
        Cost of 0, 1, 2, … edges; paths of more edges are not allowed.
    """
    if not nx.has_path(graph, 0, end):
        return None
    search = _Search(graph, end, counts)
    low, high = 0, sum(_costs(graph)) + 1
    ends = {price: search.priced(price) for price in (low, high)}
    if ends[high][0] >= len(counts):
        return None
    for _ in range(PRICES):
        (most, cheap), (least, costly) = ends[low], ends[high]
        still = search.open_numbers()
        if most <= least + 1 or not still:
            break
        price = (costly - cheap) // (most - least)
        if not low < price < high:
            break
        ends[price] = search.priced(price)
        if ends[price][0] in (most, least):
            break
        low, high = (price, high) if min(still, key=search.bound) <= ends[price][0] else (low, price)
    still = search.open_numbers()
    if still:
        _search_layers(search, still)
    return search.best


def _search_layers(search: _Search, still: list[int]) -> None:
    """Find the best path whose number of edges is one of `still`, if it is better than the best."""
    graph = search.graph
    likely = min(still, key=search.bound)
    price = max(search.lengths, key=lambda price: search.lengths[price] - price * likely)
    ahead = nx.single_source_dijkstra_path_length(graph, 0, weight=_dearer(price))
    back = nx.single_source_dijkstra_path_length(graph.reverse(copy=False), search.end, weight=_dearer(price))
    # A path of n edges through an edge costs at least `through` − price·n + counts[n].
    slack = max(price * n - search.counts[n] for n in still)
    layered: nx.DiGraph[tuple[int, int]] = nx.DiGraph()
    layered.add_node((0, 0))
    for (low, high), cost in zip(graph.edges, _costs(graph), strict=True):
        if low not in ahead or high not in back:
            continue
        through = int(ahead[low]) + cost + price + int(back[high])
        if search.least is None or through - slack < search.least:
            layered.add_edges_from(
                ((edges, low), (edges + 1, high), {"cost": cost}) for edges in range(min(max(still), low + 1))
            )
    paths = nx.single_source_dijkstra_path(layered, (0, 0), weight="cost")
    for edges in still:
        if (edges, search.end) in paths:
            path = paths[edges, search.end]
            search.offer([place for _, place in path], _cost(layered, path))


def _dearer(price: int) -> Callable[[Any, Any, dict[str, Any]], int]:
    """Return the weight of edges that each cost `price` more."""
    return lambda _, __, edge: int(edge["cost"] + price)


def _costs(graph: nx.DiGraph[Node]) -> list[int]:
    return [int(edge["cost"]) for _, _, edge in graph.edges(data=True)]


def _cost(graph: nx.DiGraph[Node], path: list[Node]) -> int:
    return sum(int(graph.edges[edge]["cost"]) for edge in pairwise(path))


def cheapest_path(instance: Instance, points: int, edges: Iterable[tuple[int, int, int]]) -> list[int] | None:
    """Return the points of the cheapest path from the first to the last, the cost of the count included.

    Parameters
    ----------
    instance
        The problem: it says how many shapes, one per edge of the path, are allowed and what they cost.
    points
        Number of segments; the points are numbered 0, …, `points`.
    edges
        (from, to, cost in cost ticks).

    Returns
    -------
    list of int or None
        None if no path has few enough edges.
    """
    graph: nx.DiGraph[int] = nx.DiGraph()
    graph.add_nodes_from(range(points + 1))
    graph.add_weighted_edges_from(edges, weight="cost")
    most = instance.shape_limit or points
    counts = [instance.cost.count.ticks(n, instance.cost_scale) for n in range(most + 1)]
    return shortest_path(graph, points, counts)
