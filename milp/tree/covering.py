"""Bounding nodes where requests only choose among opened shapes: the root's LP by cuts goes on."""

from __future__ import annotations

import time

import numpy as np

from heuristics.nearest import nearest_plan
from instances.batch_model import BatchModel
from milp.certificate import Split
from milp.lagrangian import Box, Reduction, Valued
from milp.root.cover_master import CoverMaster, Floats
from milp.root.exact import exact_values
from milp.root.pricing import FloatPrices
from milp.tree.bounded import Bounded, bounded_ticks
from milp.tree.branching import INTEGRAL

ROUNDS = 60
VIOLATED = 1e-7


class CoverNodes:
    """Nodes of a covering instance; cuts hold in every node and are kept."""

    def __init__(self, model: BatchModel, master: CoverMaster) -> None:
        self.model = model
        self.master = master

    def learn(self, split: Split, high: bool, rise: int) -> None:
        """Note what a split gained: nothing is made of it here, where few splits are needed."""

    def bound(
        self,
        box: Box,
        parent: FloatPrices,
        parent_values: Valued,
        cutoff: int | None,
        until: float,
        reduction: Reduction | None = None,
    ) -> Bounded:
        """Bound a node; see `NodeSolver`."""
        model, master = self.model, self.master
        best, best_ticks, centre = parent_values, bounded_ticks(parent_values, box), parent
        excluded = None if reduction is None else np.flatnonzero(reduction.excess >= reduction.room)
        master.restrict(box, excluded)
        used: Floats | None = None
        for _ in range(ROUNDS):
            closed = best_ticks is None or (cutoff is not None and best_ticks >= cutoff)
            if closed or time.monotonic() > until or not master.solve():
                break
            used = master.used
            prices = FloatPrices(master.alpha, np.zeros(0))
            valued = exact_values(model, prices, best.prices.denominator, reduction=reduction)
            ticks = bounded_ticks(valued, box)
            if ticks is None or best_ticks is None or ticks > best_ticks:
                best, best_ticks, centre = valued, ticks, prices
            alpha, cost, uncovered = master.separate(used)
            violated = cost - master.theta > VIOLATED * np.maximum(1.0, np.abs(master.theta))
            if not master.cover(uncovered) and not violated.any():
                break
            if violated.any():
                master.cut(alpha, violated)
        if used is None:
            return Bounded(best, best_ticks, centre, None, None)
        plan = nearest_plan(model, np.flatnonzero(used > 0.5))
        return Bounded(best, best_ticks, centre, self._split(used), plan)

    def _split(self, used: Floats) -> Split | None:
        """Split on the number of shapes, then on the most fractional shape, then on its use by a stream."""
        model, opened = self.model, self.master.opened
        number = float(opened.sum())
        if abs(number - round(number)) > INTEGRAL:
            return Split("shapes", (), int(np.floor(number)), 0, 0)
        distance = np.abs(opened - np.rint(opened))
        shape = int(np.argmax(distance))
        if distance[shape] > INTEGRAL:
            return Split("shape", tuple(model.types.shapes[shape]), 0, 0, 0)
        distance = np.abs(used - np.rint(used))
        index = int(np.argmax(distance))
        if distance[index] > INTEGRAL:
            return Split("batches", model.types.key(index), 0, 0, 0)
        return None
