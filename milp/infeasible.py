"""Proofs that no plan meets all limits: L with a zero objective, over 0 in every case."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from instances.batch_model import BatchModel
from instances.plan import Plan
from milp.formulation.selection import Selection
from milp.lagrangian import Prices, lower_bound
from milp.root.pricing import FloatPrices
from milp.tree import Tree, search_tree
from milp.tree.node import PairNodes


def prove_uncovered(model: BatchModel) -> Tree | None:
    """Return the proof that some request fits no batch type; None if every request fits one."""
    groups, types = model.groups, model.types
    for stream in range(len(model.instance.streams)):
        of_stream = groups.of_stream(stream)
        mine = types.stream == stream
        order = np.argsort(types.prompt[mine], kind="stable")
        prompt, gen = types.prompt[mine][order], types.gen[mine][order]
        # Largest gen bound among the types whose prompt bound is at least a group's.
        reach = np.maximum.accumulate(gen[::-1])[::-1] if len(gen) else gen
        place = np.searchsorted(prompt, groups.prompt[of_stream])
        holds = np.zeros(of_stream.stop - of_stream.start, dtype=bool)
        within = place < len(reach)
        holds[within] = reach[place[within]] >= groups.gen[of_stream][within]
        if not holds.all():
            price = np.zeros(len(groups), dtype=np.int64)
            price[of_stream.start + int(np.flatnonzero(~holds)[0])] = 1
            prices = Prices(1, 1, price, np.zeros(len(model.rows), dtype=np.int64), 0)
            numerator = lower_bound(model, prices).numerator
            return Tree.single(prices, 1 if numerator is None else numerator, 0)
    return None


def search_infeasibility(
    model: BatchModel, selection: Selection, *, offer: Callable[[Plan], object], until: float
) -> Tree:
    """Look for a proof that no plan exists, or for a plan.

    Returns
    -------
    Tree
        A proof if its `ticks` are over 0. Plans that turn up on the way are offered.
    """
    typical = 1000.0
    start = FloatPrices(np.full(len(model.groups), typical), np.zeros(len(model.rows)), 0.0)
    found: list[Plan] = []

    def keep(plan: Plan) -> None:
        evaluation = offer(plan)
        if getattr(evaluation, "feasible", False):
            found.append(plan)

    # A case is closed once L > 0; with a plan at hand there is nothing left to prove.
    return search_tree(
        model,
        PairNodes(model, selection),
        start,
        cutoff=lambda: -(10**500) if found else 1,
        offer=keep,
        until=until,
    )
