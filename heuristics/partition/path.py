"""Shortest paths in an acyclic graph where the number of edges has a cost of its own.

With a price λ on every edge, the shortest path shows the cheapest plan of some number n of edges, and its
length less λn bounds the paths of every other number n from below. Prices are tried until these bounds meet
the best path. Numbers that stay open are searched with a node for each (edges so far, place), along those
edges only that can still be part of a better path.
"""

from __future__ import annotations

import networkx as nx

Graph = nx.DiGraph  # type: ignore[type-arg]

PRICES = 30
"""Most prices tried; each new one lies where the bounds of two others cross."""


class _Search:
    """The best path so far and what is known of each number of edges."""

    def __init__(self, graph: Graph, end: int, counts: list[int]) -> None:
        self.graph, self.end, self.counts = graph, end, counts
        self.best: list[int] | None = None
        self.least: int | None = None
        self.bounds: dict[int, int] = {}

    def priced(self, price: int) -> tuple[int, int] | None:
        """Return (edges, length without price) of the shortest path at a price; None if there is no path."""
        try:
            length, path = nx.single_source_dijkstra(
                self.graph, 0, self.end, weight=lambda _, __, edge: edge["cost"] + price
            )
        except nx.NetworkXNoPath:
            return None
        edges = len(path) - 1
        self.bounds[price] = length
        self.offer(path, length - price * edges)
        return edges, length - price * edges

    def offer(self, path: list[int], length: int) -> None:
        """Keep a path if it has few enough edges and beats the best."""
        edges = len(path) - 1
        if edges < len(self.counts) and (self.least is None or length + self.counts[edges] < self.least):
            self.best, self.least = path, length + self.counts[edges]

    def bound(self, edges: int) -> int:
        """Return a lower bound on the cost of every path of so many edges."""
        return max(length - price * edges for price, length in self.bounds.items()) + self.counts[edges]

    def open_numbers(self) -> list[int]:
        """Return the numbers of edges that may still have a better path."""
        return [n for n in range(1, len(self.counts)) if self.least is None or self.bound(n) < self.least]


def shortest_path(graph: Graph, end: int, counts: list[int]) -> list[int] | None:
    """Return the path from node 0 to `end` of least cost; None if there is none of so few edges.

    Parameters
    ----------
    graph
        Acyclic, nodes 0 to `end`, with a whole ``cost`` of at least 0 on each edge.
    counts
        Cost of 0, 1, 2, … edges; paths of more edges are not allowed.
    """
    search = _Search(graph, end, counts)
    many = search.priced(0)
    if many is None:
        return None
    dear = sum(cost for _, _, cost in graph.edges(data="cost")) + 1
    few = search.priced(dear) or many
    if few[0] >= len(counts):
        return None
    low, high = 0, dear
    ends = {low: many, high: few}
    for _ in range(PRICES):
        (most, cheap), (least, costly) = ends[low], ends[high]
        still = search.open_numbers()
        if most <= least + 1 or not still:
            break
        price = (costly - cheap) // (most - least)
        found = search.priced(price) if low < price < high else None
        if found is None or found[0] in (most, least):
            break
        ends[price] = found
        low, high = (price, high) if min(still, key=search.bound) <= found[0] else (low, price)
    still = search.open_numbers()
    if still:
        _search_layers(search, still)
    return search.best


def _search_layers(search: _Search, still: list[int]) -> None:
    """Find the best path whose number of edges is one of `still`, if there is one better than the best."""
    price = max(search.bounds, key=lambda p: search.bounds[p] - p * still[0])
    weight = {"weight": lambda _, __, edge: edge["cost"] + price}
    ahead = nx.single_source_dijkstra_path_length(search.graph, 0, **weight)
    behind = nx.single_source_dijkstra_path_length(search.graph.reverse(copy=False), search.end, **weight)
    slack = max(price * n - search.counts[n] for n in still)
    layered: Graph = nx.DiGraph()
    for low, high, cost in search.graph.edges(data="cost"):
        if low not in ahead or high not in behind:
            continue
        through = ahead[low] + cost + price + behind[high]
        if search.least is not None and through - slack >= search.least:
            continue
        for edges in range(max(still)):
            layered.add_edge((edges, low), (edges + 1, high), cost=cost)
    if (0, 0) not in layered:
        return
    lengths, paths = nx.single_source_dijkstra(layered, (0, 0), weight="cost")
    for edges in still:
        if (edges, search.end) in lengths:
            search.offer([node for _, node in paths[edges, search.end]], lengths[edges, search.end])
