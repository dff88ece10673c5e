"""Whether there is a plan at all: the first one found, or a proof that there is none."""

from __future__ import annotations

import time

from instances.instance import Instance
from milp.engines.registry import EXACT
from milp.infeasible import prove_uncovered
from milp.result import Result
from milp.search import Search
from milp.solving import conclude


class Feasibility(Search):
    """A search that ends with the first plan that meets all limits."""

    def run_until_plan(self) -> None:
        """Search until there is a plan, a proof that there is none, or no time left."""
        uncovered = prove_uncovered(self.model)
        if uncovered is not None:
            self.tree, self.infeasible = uncovered, True
            return
        self._warm_start(None, None)
        if self.incumbent.plan is not None:
            return
        root = self._root()
        # The tree of an infeasible instance is small as a rule; where it is not, programs over few pairs
        # find plans that it misses.
        for step in (self._try_infeasibility, self._run_engine, self._try_infeasibility):
            if self.incumbent.plan is not None or self.infeasible or time.monotonic() > self.until:
                return
            step(root)


def first_plan(instance: Instance, *, time_limit: float, workers: int = 2, seed: int = 0) -> Result:
    """Return a plan, or a certificate that there is none; neither if the time does not suffice.

    Parameters
    ----------
    instance
        The problem.
    time_limit
        Seconds.
    workers, seed
        Threads and random seed of the engine.
    """
    search = Feasibility(instance, EXACT, time_limit, 1.0, workers, seed, None)
    search.run_until_plan()
    return conclude(search, search.incumbent.plan)
