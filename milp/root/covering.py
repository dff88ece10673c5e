"""The search for root prices where requests only choose among opened shapes: rounds of cuts."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from heuristics.interchange import MOST_CELLS, Interchange, longest_type
from heuristics.nearest import nearest_plan
from instances.batch_model import BatchModel
from instances.plan import Plan
from milp.formulation.build import unlimited
from milp.formulation.selection import Selection
from milp.reduced import shape_excess
from milp.root.cover_master import CoverMaster, most_opened
from milp.root.outcome import Root
from milp.root.pricing import Evaluated, FloatPrices, evaluate_prices

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

IN_OUT = 0.5
"""Weight of the stable centre in the points that cuts are made at (Ben-Ameur and Neto 2007)."""
VIOLATED = 1e-7
CLOSE = 1e-9
MOST_ROUNDS = 200


def is_covering(model: BatchModel) -> bool:
    """Tell whether an instance is of the kind that `search_covering` takes."""
    types, streams = model.types, len(model.instance.streams)
    if (
        model.rows
        or model.minimizes_cold_starts
        or not len(types)
        or not unlimited(model, np.arange(len(types))).all()
    ):
        return False
    alone = np.bincount(types.shape * streams + types.stream).max() == 1
    costs = [model.count_ticks(n) for n in range(most_opened(model, None) + 1)]
    steps = np.diff(np.asarray(costs, dtype=object))
    convex = all(a <= b for a, b in pairwise(steps))
    return bool(alone) and convex and costs[0] == 0


def search_covering(
    model: BatchModel,
    *,
    seed_pairs: Selection | None,
    until: float,
    report: Callable[[FloatPrices, float], None] | None = None,
) -> Root:
    """Search for the prices with the largest L; the parameters are those of `search_root`."""
    seeds = np.zeros(0, dtype=np.int64) if seed_pairs is None else seed_pairs.types
    master = CoverMaster(model, len(np.unique(model.types.shape[seeds])) if len(seeds) else None)
    used = np.zeros(len(model.types))
    used[seeds] = 1.0
    centre, point = used, used
    master.cut(master.separate(used)[0], np.ones(len(model.groups), dtype=bool))
    best: tuple[FloatPrices, Evaluated] | None = None
    least = np.inf
    converged = False
    for _ in range(MOST_ROUNDS):
        if time.monotonic() > until or not master.solve():
            break
        point, theta = master.used, master.theta
        prices = FloatPrices(master.alpha, np.zeros(0))
        evaluated = evaluate_prices(model, prices)
        if best is None or evaluated.value > best[1].value:
            best = prices, evaluated
            if report is not None:
                report(prices, evaluated.value)
        alpha, cost, uncovered = master.separate(point)
        if not len(uncovered):
            least = min(least, master.value + float(model.groups.count @ np.maximum(cost - theta, 0.0)))
        violated = cost - theta > VIOLATED * np.maximum(1.0, np.abs(theta))
        new_covers = master.cover(uncovered)
        if not len(uncovered) and (not violated.any() or least - best[1].value <= CLOSE * abs(least)):
            converged = True
            break
        master.forget()
        centre = IN_OUT * centre + (1 - IN_OUT) * point
        if violated.any():
            master.cut(master.separate(centre)[0], violated)
            # The stable point may leave the LP's own solution uncut; every few rounds it is cut itself.
            if master.rounds % 3 == 0:
                master.cut(alpha, violated)
        elif not new_covers:
            break
    if best is None:
        prices = FloatPrices(np.zeros(len(model.groups)), np.zeros(0))
        best = prices, evaluate_prices(model, prices)
    support = np.union1d(seeds, np.flatnonzero(point > 1e-9))
    selection = best[1].negative_pairs(support, 1e-6 * master.unit)
    if seed_pairs is not None:
        selection = selection.joined(seed_pairs, len(model.groups))
    return Root(
        best[0], best[1], selection, converged, rounded_plan(model, point, best[1], until), covering=master
    )


def rounded_plan(model: BatchModel, used: Floats, evaluated: Evaluated, until: float) -> Plan | None:
    """Return the plan of the types used by half at least, after local search; None if it leaves requests out.

    Parameters
    ----------
    model
        Batch model.
    used
        Shape (types,): to what extent each type is used.
    evaluated
        L at good prices: types that are dear under them are no candidates of the local search.
    until
        Clock time at which to stop.
    """
    types = np.flatnonzero(used > 0.5)
    if len(model.instance.streams) == 1 and len(types):
        opening = shape_excess(model, evaluated)[model.types.shape]
        room = max(1, MOST_CELLS // len(model.groups))
        candidates = np.union1d(np.argsort(opening, kind="stable")[:room], types)
        # A start that holds every request; the search drops what it does not need.
        types = np.union1d(types, longest_type(model))
        types = Interchange(model, np.union1d(candidates, types)).descend(types, until)
    return nearest_plan(model, types)
