"""Small instances whose certificates have large trees: none of their leaves is closed before they have."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from instances.batch_model import BatchModel, form_batch_model
from instances.catalog import path
from instances.digest import digest
from instances.files import read
from instances.instance import Instance
from milp.certificate import Certificate, Split
from milp.fewer_digits import with_fewer_digits
from milp.formulation.selection import full_selection
from milp.lagrangian import Reduction, Valued
from milp.lagrangian.box import Box
from milp.root import search_root
from milp.root.exact import exact_values
from milp.root.pricing import FloatPrices
from milp.tree import Tree, search_tree
from milp.tree.bounded import Bounded, NodeSolver
from milp.tree.covering import CoverNodes
from milp.tree.node import PairNodes
from milp.tree.reducer import Reducer
from tests.milp.prices import random_splits
from tests.oracle import best_plan

NAMES = (
    "tiny/batch-at-shape-max-batch-tokens",
    "tiny/cold-start-total-time",
    "tiny/compile-once",
    "tiny/completion-cold-start",
    "tiny/completion-two-streams",
    "tiny/decimals",
    "tiny/gen-at-shape",
    "tiny/max-batch-size",
    "tiny/pad-ratio-padded",
    "tiny/pad-ratio-time-percentile-shapes",
    "tiny/padded-batch-pad-ratio-and-time",
    "tiny/percentile-all-streams",
    "tiny/stream-cost",
    "tiny/token-count-quadratic",
    "tiny/token-count-table-nonconvex",
    "tiny/total-time-all-streams",
    "infeasible/shape-budget-over-streams",
    "infeasible/total-time-against-pad-ratio",
)
"""Both kinds of trees; limit rows, count costs, capacities, stages, cold starts, several streams."""

LEAVES = 55


@dataclass(frozen=True, eq=False)
class Grown:
    """An instance, the oracle's optimum (None if there is no plan), and a certificate with a large tree."""

    name: str
    instance: Instance
    model: BatchModel
    optimum: Fraction | None
    certificate: Certificate


def grown(name: str, leaves: int = LEAVES) -> Grown:
    """Return a bundled instance with a certificate of about as many leaves."""
    instance = read(path(name))
    model, best = form_batch_model(instance), best_plan(instance)
    scale = instance.cost_scale
    optimum = None if best is None else int(best.cost * scale)
    tree, reducer = _tree(model, optimum, leaves)
    lower, needed = None, 1
    if best is not None:
        lower = min(Fraction(tree.ticks, scale), best.cost)
        needed = int(lower * scale)
    spare = [reached - needed for reached in tree.reached]
    prices = with_fewer_digits(tree.prices, spare, model.groups.count)
    if reducer is not None:
        prices = (*prices, reducer.prices)
    certificate = Certificate(
        digest(instance),
        scale,
        instance.time_scale,
        lower,
        None if best is None else best.cost,
        None if best is None else best.plan,
        tree.nodes,
        prices,
        None if reducer is None else len(prices) - 1,
    )
    return Grown(name, instance, model, None if best is None else best.cost, certificate)


class _Onward:
    """Bounds nodes as another does, pairs left out, and divides those too in which nothing is fractional."""

    def __init__(self, model: BatchModel, nodes: NodeSolver, reduction: Reduction | None) -> None:
        self.model, self.nodes, self.rng = model, nodes, random.Random(0)
        self.reduction = reduction

    def learn(self, split: Split, high: bool, rise: int) -> None:
        self.nodes.learn(split, high, rise)

    def bound(
        self,
        box: Box,
        parent: FloatPrices,
        parent_values: Valued,
        cutoff: int | None,
        until: float,
        reduction: Reduction | None = None,
    ) -> Bounded:
        bounded = self.nodes.bound(box, parent, parent_values, cutoff, until, self.reduction)
        if bounded.split is not None:
            return bounded
        (split,) = random_splits(self.model, self.rng, 1)
        return replace(bounded, split=split)


def _tree(model: BatchModel, optimum: int | None, leaves: int) -> tuple[Tree, Reducer | None]:
    """Return a tree, and what reduced it: nothing where there is no plan."""
    until = time.monotonic() + 60
    nodes: NodeSolver = PairNodes(model, full_selection(model))
    reducer: Reducer | None = None
    if optimum is None:
        centre = FloatPrices(np.full(len(model.groups), 1000.0), np.zeros(len(model.rows)), 0.0)
    else:
        root = search_root(model, target=None, until=until, latest=until)
        centre = root.prices
        reducer = Reducer(exact_values(model, centre, cold=False))
        if root.covering is not None:
            nodes = CoverNodes(model, root.covering)
    reduction = None if reducer is None or optimum is None else reducer.at(optimum)
    tree = search_tree(
        model,
        _Onward(model, nodes, reduction),
        centre,
        cutoff=lambda: None,
        offer=lambda plan: None,
        until=until,
        most_nodes=2 * leaves - 1,
    )
    return tree, reducer
