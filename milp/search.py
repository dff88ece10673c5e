"""One search: its clock, its phases, its incumbent, and the best certified tree so far."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Iterator
from fractions import Fraction
from math import ceil

import numpy as np

from heuristics import Uncoverable
from instances.batch_model import BatchModel, form_batch_model
from instances.instance import Instance
from instances.metrics import Evaluation
from instances.objective_value import ticks_reaching, value_at
from instances.plan import Plan
from milp.engines import engine as find_engine
from milp.engines.base import Ints, Unsuited
from milp.engines.registry import EXACT
from milp.first_plans import first_plans
from milp.formulation import Formulation, build
from milp.formulation.selection import Selection
from milp.incumbent import Incumbent
from milp.infeasible import prove_uncovered, search_infeasibility
from milp.lagrangian import Box, Prices, lower_bound
from milp.progress import Progress, ProgressCallback
from milp.reduced import reduced_selection
from milp.root import Root, search_root
from milp.root.exact import exact_values
from milp.root.exchange import NEAR_GAP, exchanges, near, search_through_cost
from milp.root.pricing import FloatPrices
from milp.root.restricted import improve
from milp.root.search import dearest
from milp.translate import plan_of, plan_pairs, solution_of
from milp.tree import Tree, search_tree
from milp.tree.bounded import NodeSolver, bounded_ticks, whole_ticks
from milp.tree.covering import CoverNodes
from milp.tree.node import PairNodes
from milp.tree.reducer import Reducer

logger = logging.getLogger(__name__)

ENOUGH_PAIRS = 8_000
"""Pairs among which a general solver finds good plans within seconds."""


class Search:
    """One run: its clock, its incumbent, and the best certified tree so far."""

    def __init__(
        self,
        instance: Instance,
        engine: str,
        time_limit: float,
        gap: float,
        workers: int,
        seed: int,
        progress: ProgressCallback | None,
    ) -> None:
        self.start = time.monotonic()
        self.instance, self.engine = instance, engine
        self.runner = None if engine == EXACT else find_engine(engine)
        self.time_limit, self.gap = time_limit, Fraction(gap)
        self.workers, self.seed, self.progress = workers, seed, progress
        self.until = self.start + time_limit
        self.model: BatchModel = form_batch_model(instance)
        self.incumbent = Incumbent(self.model)
        self.seed_pairs: Selection | None = None
        # Prices of 0 bound the cost by what it costs to do nothing; everything found later is better.
        self.tree = _worthless(self.model)
        self.root_ticks: int | None = None
        self.certified: FloatPrices | None = None
        self.infeasible = False
        self.claimed: Fraction | None = None
        self.times: dict[str, float] = {}

    def run(self, heuristic: str | None, warm_start: Plan | None) -> None:
        """Search until optimality is proven, the time is over, or the user interrupts."""
        try:
            uncovered = prove_uncovered(self.model)
            if uncovered is not None:
                self.tree, self.infeasible = uncovered, True
                return
            with self._phase("heuristic"):
                self._warm_start(heuristic, warm_start)
            with self._phase("root"):
                root = self._root()
            if root.evaluated.value <= dearest(self.model):
                with self._phase("engine"):
                    self._run_engine(root)
            if self.incumbent.ticks is None:
                with self._phase("infeasibility"):
                    self._try_infeasibility(root)
            if not self.infeasible:
                with self._phase("tree"):
                    self._grow_tree(root)
        except KeyboardInterrupt:
            logger.warning("interrupted: keeping the best plan and bound so far")

    def cutoff(self) -> int | None:
        """Return the ticks at which a case is closed: the incumbent's, less the gap that is accepted."""
        if self.incumbent.ticks is None:
            return None
        if not self.gap:
            return self.incumbent.ticks
        accepted = value_at(self.instance, self.incumbent.ticks) * (1 - self.gap)
        return ticks_reaching(self.instance, accepted)

    @contextlib.contextmanager
    def _phase(self, name: str) -> Iterator[None]:
        begin = time.monotonic()
        self.phase = name
        self.report()
        try:
            yield
        finally:
            self.times[name] = time.monotonic() - begin

    def report(self, ticks: int | None = None) -> None:
        """Tell where the search stands."""
        if ticks is not None:
            self.root_ticks = ticks if self.root_ticks is None else max(self.root_ticks, ticks)
        if self.progress is None:
            return
        best, lower = self.incumbent.ticks, self.root_ticks
        if best is not None and lower is not None:
            lower = min(lower, best)
        self.progress(
            Progress(
                time.monotonic() - self.start,
                self.phase,
                None if best is None else value_at(self.instance, best),
                None if lower is None else value_at(self.instance, lower),
            )
        )

    def _warm_start(self, heuristic: str | None, plan: Plan | None) -> None:
        if plan is not None:
            self._offer(plan)
        until = self.start + 0.3 * self.time_limit
        for first in first_plans(self.model, heuristic, until):
            self._offer(first.plan)
            if not first.quick and (self.incumbent.ticks is not None or time.monotonic() > until):
                break

    def _offer(self, plan: Plan) -> Evaluation:
        """Take a plan as incumbent if it is better, and its pairs in any case."""
        evaluation = self.incumbent.offer(plan)
        if evaluation.total is not None:
            pairs = plan_pairs(self.model, plan)
            if pairs is not None:
                known = self.seed_pairs
                self.seed_pairs = pairs if known is None else known.joined(pairs, len(self.model.groups))
        self.report()
        return evaluation

    def _root(self) -> Root:
        now = time.monotonic()

        def improved(prices: FloatPrices, value: float) -> None:
            self._certify_leaf(prices)

        target = None if self.incumbent.ticks is None else float(self.incumbent.ticks)
        if exchanges(self.model):
            through_cost = search_through_cost(
                self.model,
                target=target,
                seed_pairs=self.seed_pairs,
                until=now + 0.5 * max(0.0, self.until - now),
                report=improved,
            )
            if through_cost is not None:
                self._plans_through_cost(through_cost)
                return through_cost
            now = time.monotonic()
        root = search_root(
            self.model,
            target=target,
            seed_pairs=self.seed_pairs,
            plan_pairs=None if self.incumbent.plan is None else plan_pairs(self.model, self.incumbent.plan),
            until=now + 0.5 * max(0.0, self.until - now),
            latest=self.until,
            report=improved,
        )
        if root.plan is not None:
            self._offer(root.plan)
        return root

    def _plans_through_cost(self, root: Root) -> None:
        """Look for plans with little more of the aim than the bound, by what they cost."""
        for cheapest in near(self.model, root.evaluated.value, self.incumbent.ticks):
            left = self.until - time.monotonic()
            if left <= 0:
                return
            nested = Search(cheapest, EXACT, left / 4, NEAR_GAP, self.workers, self.seed, None)
            nested.run(None, None)
            if nested.incumbent.plan is not None and self._offer(nested.incumbent.plan).feasible:
                return

    def _certify_leaf(self, prices: FloatPrices) -> None:
        self.certified = prices
        valued = exact_values(self.model, prices)
        ticks = bounded_ticks(valued, Box())
        if ticks is not None and ticks > self.tree.ticks:
            self.tree = Tree.single(valued.prices, ticks, 1)
            self.report(ticks)

    def _remaining(self, root: Root) -> tuple[Selection, bool]:
        """Return the pairs that plans better than the incumbent can use, and whether that is all of them."""
        if self.incumbent.ticks is None or self.incumbent.plan is None:
            return reduced_selection(self.model, root.evaluated, None, root.selection)
        room = max(0.0, self.incumbent.ticks - root.evaluated.value)
        own = plan_pairs(self.model, self.incumbent.plan)
        return reduced_selection(self.model, root.evaluated, room, root.selection if own is None else own)

    def _run_engine(self, root: Root) -> None:
        """Look for better plans among the pairs that the root leaves."""
        if root.prices is not self.certified:
            self._certify_leaf(root.prices)
        limit = self.cutoff()
        if limit is not None and self.tree.ticks >= limit:
            return
        if self.runner is None and (root.large or root.covering is not None or self._improve(root)):
            # The tree rounds its own relaxations, which finds plans sooner than a general solver does.
            return
        selection, complete = self._remaining(root)
        if self.runner is None and len(selection) > max(len(root.selection), ENOUGH_PAIRS):
            selection, complete = root.selection, False
        left = self.until - time.monotonic()
        runner, share = (self.runner, 0.9) if self.runner else (find_engine("highs"), 0.4)
        formulation = build(self.model, selection)
        hint = None if self.incumbent.plan is None else solution_of(formulation, self.incumbent.plan)
        try:
            outcome = runner(
                formulation,
                hint=hint,
                time_limit=share * left,
                gap=float(self.gap),
                workers=self.workers,
                seed=self.seed,
            )
        except Unsuited as reason:
            logger.warning("%s: %s", self.engine, reason)
            return
        if outcome.solution is not None:
            self._offer_solution(formulation, outcome.solution)
        if complete and outcome.claimed_bound is not None:
            self.claimed = value_at(self.instance, ceil(outcome.claimed_bound))

    def _improve(self, root: Root) -> bool:
        """Look for plans in small integer programs; tell whether there were any."""
        now = time.monotonic()
        return improve(
            self.model,
            root,
            incumbent=lambda: self.incumbent.ticks,
            offer=self._offer_solution,
            until=now + 0.4 * (self.until - now),
            workers=self.workers,
            seed=self.seed,
        )

    def _offer_solution(self, formulation: Formulation, solution: Ints) -> None:
        try:
            self._offer(plan_of(formulation, solution))
        except (Uncoverable, ValueError) as reason:
            logger.info("a solution gave no plan: %s", reason)

    def _try_infeasibility(self, root: Root) -> None:
        selection, _ = self._remaining(root)
        until = time.monotonic() + 0.5 * max(0.0, self.until - time.monotonic())
        tree = search_infeasibility(self.model, selection, offer=self._offer, until=until)
        if tree.ticks > 0:
            self.tree, self.infeasible = tree, True

    def _grow_tree(self, root: Root) -> None:
        limit = self.cutoff()
        if root.large or (limit is not None and self.tree.ticks >= limit):
            return
        covering = root.covering
        nodes: NodeSolver
        nodes = (
            PairNodes(self.model, self._remaining(root)[0])
            if covering is None
            else CoverNodes(self.model, covering)
        )
        tree = search_tree(
            self.model,
            nodes,
            root.prices,
            cutoff=self.cutoff,
            offer=self._offer,
            until=self.until,
            report=self.report,
            reducer=Reducer(exact_values(self.model, root.prices, cold=False)),
        )
        if tree.ticks > self.tree.ticks:
            self.tree = tree


def _worthless(model: BatchModel) -> Tree:
    prices = Prices(
        1, 1, np.zeros(len(model.groups), dtype=np.int64), np.zeros(len(model.rows), dtype=np.int64), 1
    )
    ticks = whole_ticks(lower_bound(model, prices).numerator, prices)
    return Tree.single(prices, 0 if ticks is None else ticks, 1)
