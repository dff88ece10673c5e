"""The pairs that can still matter, by reduced costs at the root."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from instances.batch_model import BatchModel
from milp.formulation.selection import Selection
from milp.root.pricing import Evaluated, count_values

Floats = npt.NDArray[np.float64]

MOST_PAIRS = 40_000


def reduced_selection(
    model: BatchModel, evaluated: Evaluated, room: float | None, keep: Selection, most: int = MOST_PAIRS
) -> tuple[Selection, bool]:
    """Return the pairs whose use is compatible with closing the gap, and whether these are all such pairs.

    A plan that runs a type b of shape s costs at least L + max(0, τ_b) + e_s, with e_s what opening s adds to
    the minimum over shapes, and one that puts a request of group i into it at least max(0, c_ib) more. What
    exceeds the room between L and the incumbent is in no better plan. This chooses where engines look for
    plans; no bound rests on it.

    Parameters
    ----------
    model, evaluated
        Batch model, and L in floats at the root prices.
    room
        Incumbent − L in cost ticks; None without an incumbent.
    keep
        Pairs to keep whatever they cost.
    most
        Pairs at which to stop.
    """
    slack = 1e-9 * abs(evaluated.value)
    opening = shape_excess(model, evaluated)
    tau = np.maximum(evaluated.batch_value, 0.0) + opening[model.types.shape]
    room = np.inf if room is None else room + slack
    fine = np.flatnonzero(tau <= room)
    if not len(fine):
        return keep, True
    # Cheapest types first, until there are as many pairs as an engine can use.
    fine = fine[np.argsort(tau[fine], kind="stable")]
    chosen, number = [keep], len(keep)
    step = 512
    for start in range(0, len(fine), step):
        block = fine[start : start + step]
        pairs = evaluated.negative_pairs(block, min(room, 1e300))
        costs = _pair_excess(evaluated, pairs)
        kept = tau[pairs.pair_type] + costs <= room
        pairs = Selection(pairs.pair_type[kept], pairs.pair_group[kept])
        if number + len(pairs) > most:
            return _joined(chosen, model), False
        chosen.append(pairs)
        number += len(pairs)
    return _joined(chosen, model), True


def shape_excess(model: BatchModel, evaluated: Evaluated) -> Floats:
    """Return what L rises by at least if a shape must be opened: shape (shapes,), in cost ticks."""
    sigma = evaluated.shape_value
    order = np.argsort(sigma, kind="stable")[: model.most_shapes]
    counts = count_values(model, evaluated.weights, len(order))
    sums = np.concatenate([[0.0], np.cumsum(sigma[order])])
    free = float((sums + counts).min())
    # With one place taken by the forced shape, the N − 1 cheapest others fill the rest.
    beside = float((sums[:-1] + counts[1:]).min()) if len(order) else 0.0
    excess: Floats = np.maximum(0.0, beside + sigma - free)
    excess[evaluated.chosen] = 0.0
    return excess


def _pair_excess(evaluated: Evaluated, pairs: Selection) -> Floats:
    priced = evaluated.priced
    excess = np.empty(len(pairs))
    for mine in np.split(np.arange(len(pairs)), np.flatnonzero(np.diff(pairs.pair_type)) + 1):
        if len(mine):
            excess[mine] = priced.pair_costs(pairs.pair_type[mine[:1]], pairs.pair_group[mine])[0]
    positive: Floats = np.maximum(excess, 0.0)
    return positive


def _joined(parts: list[Selection], model: BatchModel) -> Selection:
    return Selection.of(
        np.concatenate([part.pair_type for part in parts]),
        np.concatenate([part.pair_group for part in parts]),
        len(model.groups),
    )
