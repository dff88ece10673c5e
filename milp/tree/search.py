"""Best-bound-first branch and bound."""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from instances.batch_model import BatchModel
from instances.plan import Plan
from milp.boxes import divide
from milp.certificate import Leaf, Split
from milp.lagrangian import Box, Prices, Valued
from milp.root.exact import exact_values
from milp.root.pricing import FloatPrices
from milp.tree.bounded import Bounded, NodeSolver, bounded_ticks
from milp.tree.reducer import Reducer

INFINITE = 10**400
"""Ticks of a node that holds no plan."""


@dataclass(frozen=True, eq=False)
class Tree:
    """A tree of cases with the prices that bound each leaf.

    Parameters
    ----------
    nodes, prices
        As in a certificate.
    ticks
        Least bound over the leaves, in cost ticks (over 0 in a proof of infeasibility).
    open
        Leaves that are not closed.
    reached
        The bound that each of `prices` gives in all its leaves, in cost ticks.
    reduction
        Index of the prices that leave pairs out of account in every leaf; None for none.
    """

    nodes: tuple[Split | Leaf, ...]
    prices: tuple[Prices, ...]
    ticks: int
    open: int
    reached: tuple[int, ...]
    reduction: int | None = None

    @classmethod
    def single(cls, prices: Prices, ticks: int, still_open: int) -> Tree:
        """Return the tree of one leaf."""
        return cls((Leaf(0),), (prices,), ticks, still_open, (ticks,))


@dataclass(order=True)
class _Open:
    ticks: int
    order: int
    index: int = 0
    box: Box = Box()
    valued: Valued | None = None
    centre: FloatPrices | None = None
    origin: tuple[Split, bool] | None = None


class _Growing:
    """The tree while it grows: node index to split, or to the prices of a leaf."""

    def __init__(self) -> None:
        self.splits: dict[int, Split] = {}
        self.leaf_prices: dict[int, Prices] = {}
        self.leaf_ticks: dict[int, int] = {}
        self.size = 0

    def leaf(self, prices: Prices, ticks: int) -> int:
        self.leaf_prices[self.size], self.leaf_ticks[self.size] = prices, ticks
        self.size += 1
        return self.size - 1

    def improve(self, index: int, prices: Prices, ticks: int) -> None:
        self.leaf_prices[index], self.leaf_ticks[index] = prices, ticks

    def split(self, index: int, split: Split) -> None:
        self.splits[index] = split
        del self.leaf_prices[index], self.leaf_ticks[index]

    def finish(self, still_open: int, reducer: Reducer | None) -> Tree:
        table: dict[int, int] = {}
        prices: list[Prices] = []
        reached: list[int] = []
        ticks = min(self.leaf_ticks.values())
        reduction: int | None = None
        if reducer is not None and reducer.ticks is not None:
            # Pairs are left out for this claim and lower ones.
            ticks, reduction = min(ticks, reducer.ticks), 0
            prices.append(reducer.prices)
            reached.append(ticks)
        nodes: list[Split | Leaf] = []
        for index in range(self.size):
            if index in self.splits:
                nodes.append(self.splits[index])
                continue
            own = self.leaf_prices[index]
            if id(own) not in table:
                table[id(own)] = len(prices)
                prices.append(own)
                reached.append(self.leaf_ticks[index])
            entry = table[id(own)]
            reached[entry] = min(reached[entry], self.leaf_ticks[index])
            nodes.append(Leaf(entry))
        return Tree(tuple(nodes), tuple(prices), ticks, still_open, tuple(reached), reduction)


def search_tree(
    model: BatchModel,
    nodes: NodeSolver,
    root: FloatPrices,
    *,
    cutoff: Callable[[], int | None],
    offer: Callable[[Plan], object],
    until: float,
    most_nodes: int = 100_000,
    report: Callable[[int], None] | None = None,
    reducer: Reducer | None = None,
) -> Tree:
    """Close the gap by branching.

    Parameters
    ----------
    model
        Batch model.
    nodes
        Bounds the nodes.
    root
        Prices of the root.
    cutoff
        Returns the ticks at which a node is closed: the incumbent's cost; None without one.
    offer
        Takes every plan found.
    until
        Clock time at which to stop.
    most_nodes
        Nodes after which to stop.
    report
        Called with the least bound over all leaves whenever it rises, in ticks.
    reducer
        Leaves pairs out of account, once there is an incumbent; None for none.
    """
    growing = _Growing()
    valued = exact_values(model, root)
    ticks = bounded_ticks(valued, Box())
    first = INFINITE if ticks is None else ticks
    heap = [_Open(first, 0, growing.leaf(valued.prices, first), Box(), valued, root)]
    abandoned: list[int] = []
    told = first
    while heap and time.monotonic() < until and growing.size < most_nodes:
        least = min([heap[0].ticks, *abandoned])
        if report is not None and least > told:
            told = least
            report(least)
        limit = cutoff()
        if limit is not None and heap[0].ticks >= limit:
            break
        node = heapq.heappop(heap)
        assert node.valued is not None
        assert node.centre is not None
        reduction = None if reducer is None or limit is None else reducer.at(limit)
        bounded = nodes.bound(node.box, node.centre, node.valued, limit, until, reduction)
        before = node.ticks
        node.ticks = INFINITE if bounded.ticks is None else bounded.ticks
        if node.origin is not None and node.ticks < INFINITE:
            nodes.learn(*node.origin, max(0, node.ticks - before))
        growing.improve(node.index, bounded.valued.prices, node.ticks)
        if bounded.plan is not None:
            offer(bounded.plan)
        limit = cutoff()
        if (limit is not None and node.ticks >= limit) or bounded.ticks is None:
            continue
        if bounded.split is None:
            # Nothing fractional is left, or nothing was solved: the leaf stays open with what it has.
            if time.monotonic() < until:
                abandoned.append(node.ticks)
            else:
                heapq.heappush(heap, node)
            continue
        for child in _children(model, growing, node, bounded, bounded.split):
            heapq.heappush(heap, child)
    limit = cutoff()
    still_open = sum(node.ticks < (INFINITE if limit is None else limit) for node in heap) + len(abandoned)
    return growing.finish(still_open, reducer)


def _children(
    model: BatchModel, growing: _Growing, node: _Open, bounded: Bounded, split: Split
) -> list[_Open]:
    boxes = divide(model, node.box, split)
    children: list[_Open] = []
    for high, box in enumerate(boxes):
        ticks = bounded_ticks(bounded.valued, box)
        # What this leaf reaches by itself counts, even if its parent reached more: a type that has bounds of
        # its own breaks its chain.
        own = INFINITE if ticks is None else ticks
        index = growing.leaf(bounded.valued.prices, own)
        children.append(_Open(own, index, index, box, bounded.valued, bounded.centre, (split, bool(high))))
    growing.split(node.index, replace(split, low=children[0].index, high=children[1].index))
    return children
