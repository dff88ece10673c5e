"""Bounding one node over explicit pairs: relaxation, pricing over all batch types, exact L."""

from __future__ import annotations

import time

import numpy as np

from heuristics import Uncoverable
from instances.batch_model import BatchModel
from instances.plan import Plan
from milp.certificate import Split
from milp.formulation.arrays import Formulation
from milp.formulation.selection import Selection, full_selection
from milp.lagrangian import Box, Reduction, Valued
from milp.root.exact import counts_cold_starts, exact_values, finest_values
from milp.root.pricing import FloatPrices, evaluate_prices
from milp.root.relaxation import Relaxation
from milp.root.scaled import PriceBox, Relaxed
from milp.translate import plan_of
from milp.tree.bounded import Bounded, bounded_ticks
from milp.tree.branching import choose_split, settling_split
from milp.tree.history import SplitHistory
from milp.tree.pool import Pool, negative_pairs_in_box

WIDENINGS = 6
WHOLE = 20_000
"""Pairs up to which a model with cold starts is relaxed whole."""
SETTLED_PAIRS = 500
"""Pairs up to which integral nodes that stay open are divided further."""
ROUNDS = 12
FAR = 1e3
"""Multiple of the root's prices beyond which HiGHS loses its footing."""
ENOUGH = 1e-9


class PairNodes:
    """Nodes of any instance, over a growing pool of pairs."""

    def __init__(self, model: BatchModel, selection: Selection) -> None:
        self.model = model
        # Prices ask for pairs that are cheap, not for those that a cold start would best fall on.
        if counts_cold_starts(model) and len(model.types) * len(model.groups) <= WHOLE:
            selection = full_selection(model)
        self.pool = Pool(model, selection)
        self._relaxation: Relaxation | None = None
        self._history = SplitHistory()
        # Prices of nodes without plans grow without end, and boxes around them beyond what HiGHS can take.
        self._reference: FloatPrices | None = None
        self._finest = 1
        self._reduction: Reduction | None = None

    def learn(self, split: Split, high: bool, rise: int) -> None:
        """Note what a split gained; see `NodeSolver`."""
        self._history.learn(split, high, float(rise), 0.5)

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
        model, pool = self.model, self.pool
        if reduction is not self._reduction:
            self._reduction = reduction
            if reduction is not None:
                pool.keep(reduction)
        if self._reference is None:
            self._reference, self._finest = parent, parent_values.prices.denominator
        best, best_ticks = parent_values, bounded_ticks(parent_values, box)
        centre, relaxed = parent, None
        self._provide(box, parent)
        radius, widened = 1.0, 0
        solved_over = pool.formulation
        for _ in range(ROUNDS + WIDENINGS):
            closed = best_ticks is None or (cutoff is not None and best_ticks >= cutoff)
            if closed or time.monotonic() > until:
                break
            formulation = pool.formulation
            attempt = self._relax(box, _price_box(model, self._near(centre), radius), parent.objective, until)
            if not attempt.solved:
                break
            in_slack = attempt.slack > 1e-7
            relaxed, solved_over = attempt, formulation
            valued = exact_values(model, attempt.prices, self._finest, reduction=reduction)
            ticks = bounded_ticks(valued, box)
            if ticks is not None and cutoff is not None and 0 < cutoff - ticks <= ENOUGH * abs(attempt.value):
                # What is missing may be what rounding cost.
                valued = finest_values(model, attempt.prices, reduction)
                ticks = bounded_ticks(valued, box)
            if ticks is None or best_ticks is None or ticks > best_ticks:
                best, best_ticks, centre = valued, ticks, attempt.prices
            met = ticks is None or attempt.value - ticks <= ENOUGH * max(1.0, abs(attempt.value))
            if ticks is None or (met and not in_slack):
                break
            if self._price(box, attempt):
                continue
            if not in_slack or widened == WIDENINGS:
                break
            radius, widened = radius * 10, widened + 1
        if relaxed is None:
            return Bounded(best, best_ticks, centre, None, None)
        split = choose_split(solved_over, relaxed.solution, self._history)
        plan = _plan(solved_over, relaxed) if split is None and relaxed.slack <= 1e-7 else None
        if split is None and len(solved_over.selection) <= SETTLED_PAIRS:
            split = settling_split(solved_over, relaxed.solution, box)
        return Bounded(best, best_ticks, centre, split, plan)

    def _provide(self, box: Box, prices: FloatPrices) -> None:
        """Add pairs of shapes that a node asks for and the pool has none of: no price would ask for them."""
        known = set(self.model.types.shape[self.pool.selection.types].tolist())
        missing = box.opened - known
        few = box.shapes[0] - len((known | missing) - box.closed)
        if not missing and few <= 0:
            return
        evaluated = evaluate_prices(self.model, prices, self._reduction)
        order = np.argsort(evaluated.shape_value, kind="stable").tolist()
        spare = [shape for shape in order if shape not in known | missing | box.closed]
        types = []
        for shape in [*missing, *spare[: max(0, few)]]:
            mine = np.flatnonzero(self.model.types.shape == shape)
            if len(mine):
                types.append(int(mine[np.argmin(evaluated.batch_value[mine])]))
        self.pool.add(evaluated.negative_pairs(np.asarray(types, dtype=np.int64), np.inf))

    def _relax(self, box: Box, prices: PriceBox, objective: float, until: float) -> Relaxed:
        lower, upper = self.pool.bounds(box)
        known = self._relaxation
        if known is None or known.formulation is not self.pool.formulation:
            start = None if known is None else known.basis()
            self._relaxation = known = Relaxation(self.pool.formulation, objective, start)
        return known.solve(prices, time_limit=until - time.monotonic(), lower=lower, upper=upper)

    def _near(self, centre: FloatPrices) -> FloatPrices:
        """Return prices to put a box around: the given ones, unless they are far beyond the root's."""
        assert self._reference is not None
        usual = float(np.abs(self._reference.group).mean())
        return centre if float(np.abs(centre.group).mean()) <= FAR * usual else self._reference

    def _price(self, box: Box, relaxed: Relaxed) -> bool:
        """Add the pairs that the duals ask for; tell whether any was new."""
        evaluated = evaluate_prices(self.model, relaxed.prices, self._reduction)
        most = 2 * len(self.model.groups) + 50
        wanted = negative_pairs_in_box(evaluated, box, 1e-12 * abs(relaxed.value), most)
        return self.pool.add(wanted if self._reduction is None else wanted.kept(self._reduction.allows))


def _plan(formulation: Formulation, relaxed: Relaxed) -> Plan | None:
    try:
        return plan_of(formulation, np.rint(relaxed.solution).astype(np.int64))
    except (Uncoverable, ValueError):
        return None


def _price_box(model: BatchModel, centre: FloatPrices, radius: float) -> PriceBox:
    typical = float(np.abs(centre.group).mean()) + 1.0
    whole = float(model.groups.count @ np.abs(centre.group)) + 1.0
    limit = np.asarray([radius * whole / max(1.0, abs(float(row.bound))) for row in model.rows])
    group = radius * np.maximum(np.abs(centre.group), typical)
    return PriceBox.around(centre, group, limit)
