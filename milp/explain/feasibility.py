"""Whether there is a plan at all: the first one found, or a proof that there is none."""

from __future__ import annotations

import time
from dataclasses import replace

from instances.instance import Instance
from instances.plan import Plan
from instances.question import question_between
from milp.certificate import Certificate
from milp.engines.registry import EXACT
from milp.explain.floors import floor_proofs
from milp.explain.lateness import lateness_proofs
from milp.infeasible import prove_uncovered
from milp.search import Search
from milp.solving import conclude
from milp.status import Status

SMALL = 20_000
"""Pairs of groups and batch types up to which a tree over all of them is the fastest proof."""
FLOOR_SHARE = 0.3
"""Part of the time left for the floor of one metric."""


class _Feasibility(Search):
    """A search that ends with the first plan that meets all limits."""

    def run_first_plans(self) -> bool:
        """Try what is fast; tell whether that settles it."""
        uncovered = prove_uncovered(self.model)
        if uncovered is not None:
            self.tree, self.infeasible = uncovered, True
        else:
            self._warm_start(None, None)
        return self.settled

    def run_tree(self) -> bool:
        """Search for a proof or a plan in earnest; tell whether that settles it."""
        root = self._root()
        # The tree of an infeasible instance is small as a rule; where it is not, programs over few pairs
        # find plans that it misses.
        for step in (self._try_infeasibility, self._run_engine, self._try_infeasibility):
            if self.settled or time.monotonic() > self.until:
                break
            step(root)
        return self.settled

    @property
    def settled(self) -> bool:
        """Whether there is a plan, or a proof that there is none."""
        return self.incumbent.plan is not None or self.infeasible


def first_plan(
    instance: Instance, asked: Instance, *, time_limit: float, workers: int = 2, seed: int = 0
) -> tuple[Plan | None, Certificate | None]:
    """Return a plan, or a certificate that there is none; neither if the time does not suffice.

    Parameters
    ----------
    instance, asked
        The problem, and the question about it: the problem with the limits that hold.
    time_limit
        Seconds.
    workers, seed
        Threads and random seed of the engine.
    """
    search = _Feasibility(asked, EXACT, time_limit, 1.0, workers, seed, None)
    for proof in lateness_proofs(instance, search.model):
        return None, proof
    settled = search.run_first_plans()
    small = len(search.model.types) * len(search.model.groups) <= SMALL
    if not settled and small:
        settled = search.run_tree()
    if not settled:
        seconds = FLOOR_SHARE * max(0.1, search.until - time.monotonic())
        for proof in floor_proofs(instance, asked, seconds, workers, seed):
            return None, proof
    if not settled and not small:
        search.run_tree()
    result = conclude(search, search.incumbent.plan)
    if result.status is not Status.INFEASIBLE or result.certificate is None:
        return result.plan, None
    return None, replace(result.certificate, question=question_between(instance, asked))
