"""The local search: rounds of moves, each accepted only if the exact plan is better."""

from __future__ import annotations

import time
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from heuristics.errors import Uncoverable
from heuristics.gen_buckets import gen_buckets
from heuristics.lloyd_max import lloyd_max
from heuristics.local_search.covering import interchanged
from heuristics.local_search.judging import changes
from heuristics.local_search.ledger import Ledger
from heuristics.local_search.moves import Moves, every_kind
from heuristics.local_search.pools import Pools, changed, plan_of, pools_of
from heuristics.local_search.shapes import other_shapes
from heuristics.nested import nested
from heuristics.one_per_batch import one_per_batch
from heuristics.one_shape import one_shape
from heuristics.partition import partition
from heuristics.powers_of_two import powers_of_two
from heuristics.result import badness
from heuristics.room import refuse_too_long
from instances.groups import Groups
from instances.instance import Instance
from instances.metrics import Evaluation, evaluate
from instances.plan import Plan

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Badness = tuple[int, Fraction, Fraction]

SECONDS = 6.0
"""Wall time of the search, beside that of the quick plans."""

QUICK: tuple[Callable[[Instance, Groups], Plan], ...] = (
    powers_of_two,
    one_shape,
    one_per_batch,
    partition,
    nested,
    gen_buckets,
    lloyd_max,
)
"""What the search starts from: the best of these."""

MOST_POOLS = 20_000
"""Pools that are searched; a plan of more is returned as it is."""

PRECISION = 1e-9
"""Least gain of a move, as a part of the cost."""

ALONE = 8
"""Leading moves that are tried alone."""

TRADED = 40
"""Moves on either side of which pairs are tried where no single move is any good."""


def local_search(instance: Instance, groups: Groups) -> Plan:
    """Return a plan that no move improves, or the best when the time is up.

    Raises
    ------
    Uncoverable
        If no quick heuristic has a plan; the reason is that of the last.
    """
    refuse_too_long(instance, groups)
    plans: list[Plan] = []
    reason = Uncoverable("no plan to start from")
    for heuristic in QUICK:
        try:
            plans.append(heuristic(instance, groups))
        except Uncoverable as error:
            reason = error
    if not plans:
        raise reason
    best = min(plans, key=lambda plan: badness(evaluate(instance, plan, groups)))
    return improve(instance, groups, best, time.monotonic() + SECONDS)


def improve(instance: Instance, groups: Groups, plan: Plan, until: float) -> Plan:
    """Return a plan at least as good as the given one: what is over limits, then cost, never rises.

    Parameters
    ----------
    plan
        Structurally valid.
    until
        Clock time (`time.monotonic`) at which to stop.
    """
    search = _Search(instance, groups, plan)
    if time.monotonic() < until:
        search.offer(interchanged(instance, groups, plan, until))
    while time.monotonic() < until and search.round(until):
        pass
    return search.plan


class _Search:
    """The best plan so far, and its pools."""

    def __init__(self, instance: Instance, groups: Groups, plan: Plan) -> None:
        self.instance, self.groups = instance, groups
        self._take(plan, evaluate(instance, plan, groups))

    def offer(self, plan: Plan | None) -> bool:
        """Go on from a plan if it is better."""
        if plan is None:
            return False
        evaluation = evaluate(self.instance, plan, self.groups)
        if badness(evaluation) >= self.badness:
            return False
        self._take(plan, evaluation)
        return True

    def _take(self, plan: Plan, evaluation: Evaluation) -> None:
        self.plan, self.evaluation = plan, evaluation
        self.badness = badness(evaluation)
        self.pools = pools_of(self.instance, self.groups, plan)

    def round(self, until: float) -> bool:
        """Make the best moves; tell whether any was good."""
        if len(self.pools) > MOST_POOLS:
            return False
        ledger = Ledger(self.instance, self.evaluation, self.pools)
        kinds = list(every_kind(self.instance, self.groups, self.pools, ledger))
        change = np.concatenate([changes(ledger, self.pools, moves) for moves in kinds])
        stream = self.pools.stream[np.concatenate([moves.before[:, 0] for moves in kinds])]
        over, cost = ledger.judged(change, stream)
        order = np.lexsort((cost, over))
        good = (over < ledger.over - 1e-12) | (
            (over <= ledger.over) & (cost < ledger.cost - PRECISION * abs(ledger.cost))
        )
        chosen = self._apart(kinds, order[good[order]])
        if self._accept_most(kinds, chosen):
            return True
        if self._accept_pair(kinds, ledger, change, stream, until):
            return True
        return self._accept_shapes(ledger, until)

    def _apart(self, kinds: list[Moves], order: Ints) -> list[tuple[int, int]]:
        """Return the leading moves that concern different pools, as (kind, index)."""
        starts = np.cumsum([0, *(len(moves) for moves in kinds)])
        taken = np.zeros(len(self.pools), dtype=bool)
        chosen = []
        for place in order.tolist():
            kind = int(np.searchsorted(starts, place, side="right")) - 1
            index = place - int(starts[kind])
            before = [pool for pool in kinds[kind].before[index].tolist() if pool >= 0]
            if not taken[before].any():
                taken[before] = True
                chosen.append((kind, index))
        return chosen

    def _accept_most(self, kinds: list[Moves], chosen: list[tuple[int, int]]) -> bool:
        """Make the moves together if that is better, else the leading half of them, and so on.

        If not even the first is as good as it looked, the next few are tried alone.
        """
        sizes = [len(chosen) >> halvings for halvings in range(len(chosen).bit_length())]
        trials = [chosen[:size] for size in sizes] + [[move] for move in chosen[1:ALONE]]
        for trial in trials:
            moves = [kinds[kind].change(index, self.pools) for kind, index in trial]
            if self._accepted(changed(self.pools, self.groups, moves)):
                return True
        return False

    def _accept_pair(
        self, kinds: list[Moves], ledger: Ledger, change: Floats, stream: Ints, until: float
    ) -> bool:
        """Make a move that saves cost together with one that makes up for the limit that it breaks."""
        for first, second in _pairs(ledger, change, stream):
            if time.monotonic() > until:
                return False
            chosen = self._apart(kinds, np.asarray([first, second]))
            if len(chosen) == 2 and self._accept_most(kinds, chosen):
                return True
        return False

    def _accept_shapes(self, ledger: Ledger, until: float) -> bool:
        """Exchange, drop or add a shape for all pools at once."""
        for pools in other_shapes(self.instance, self.groups, self.pools, ledger):
            if time.monotonic() > until:
                return False
            if self._accepted(pools):
                return True
        return False

    def _accepted(self, pools: Pools) -> bool:
        try:
            return self.offer(plan_of(self.instance, self.groups, pools))
        except Uncoverable:
            return False


def _pairs(ledger: Ledger, change: Floats, stream: Ints) -> list[tuple[int, int]]:
    """Return pairs of moves of one stream that together keep to the limits and save cost, the best first."""
    if not ledger.rows:
        return []
    added = change[:, 0] + change[:, -1]
    found: list[tuple[float, int, int]] = []
    for row in ledger.rows:
        mine = np.flatnonzero(np.isfinite(added) & ((stream == row.stream) | (row.stream is None)))
        use = change[mine, row.column]
        with np.errstate(divide="ignore", invalid="ignore"):
            worth = added[mine] / use
        # What saves most for a unit of what is limited, and what gives a unit back at least cost.
        saving, giving = np.flatnonzero((added[mine] < 0) & (use > 0)), np.flatnonzero(use < 0)
        saving = mine[saving[np.argsort(worth[saving], kind="stable")[:TRADED]]]
        giving = mine[giving[np.argsort(-worth[giving], kind="stable")[:TRADED]]]
        if not len(saving) or not len(giving):
            continue
        left, right = (part.ravel() for part in np.meshgrid(saving, giving, indexing="ij"))
        both = np.where(stream[left] == stream[right], stream[left], -1)
        over, cost = ledger.judged(change[left] + change[right], both)
        good = (over <= ledger.over) & (cost < ledger.cost - PRECISION * abs(ledger.cost))
        pairs = zip(cost[good].tolist(), left[good].tolist(), right[good].tolist(), strict=True)
        found += sorted(pairs)[:TRADED]
    return [(first, second) for _, first, second in sorted(found)[:TRADED]]
