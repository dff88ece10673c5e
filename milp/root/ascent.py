"""Subgradient ascent: from no prices at all to good ones, quickly.

Polyak's step towards a known upper bound (Polyak 1969; Held, Wolfe and Crowder 1974), in the metric in which
every request counts alike; the step is damped and restarted from the best prices when it stops helping.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from instances.batch_model import BatchModel
from milp.formulation.limits import concerned, pair_coefficients, type_coefficients
from milp.root.pricing import Evaluated, FloatPrices, evaluate_prices

Floats = npt.NDArray[np.float64]

PATIENCE = 8
DAMPING = 0.6
SMALLEST_STEP = 0.01
CLOSE = 1e-15
"""Relative distance to the target at which floats say no more."""


def cheapest_prices(model: BatchModel) -> FloatPrices:
    """Return as α the least cost of each request in any batch type, batches and shapes being free."""
    zero = FloatPrices(np.zeros(len(model.groups)), np.zeros(len(model.rows)))
    under_prices = evaluate_prices(model, zero).priced
    least = np.full(len(model.groups), np.inf)
    for stream in range(len(model.instance.streams)):
        of_stream = model.groups.of_stream(stream)
        groups = np.arange(of_stream.start, of_stream.stop)
        mine = np.flatnonzero(model.types.stream == stream)
        step = max(1, (1 << 20) // max(1, len(groups)))
        for start in range(0, len(mine), step):
            block = mine[start : start + step]
            costs = under_prices.pair_costs(block, groups)
            costs[~under_prices.model.fits(block, groups)] = np.inf
            least[groups] = np.minimum(least[groups], costs.min(axis=0))
    # A request that fits nothing gets a price by which the instance is seen to be infeasible.
    uncovered = ~np.isfinite(least)
    least[uncovered] = 1.0 + np.abs(least[~uncovered]).max(initial=0.0)
    return FloatPrices(least, zero.limit)


def ascend(
    model: BatchModel,
    start: FloatPrices,
    target: float | None,
    iterations: int,
    until: float,
    report: Callable[[FloatPrices, float], None] | None = None,
    chained: bool = True,
) -> tuple[FloatPrices, Evaluated]:
    """Improve prices by subgradient steps.

    Parameters
    ----------
    model
        Batch model.
    start
        First prices.
    target
        Cost of a known plan in cost ticks; without one, a little more than the best L.
    iterations
        Most steps.
    until
        Clock time (`time.monotonic`) at which to stop.
    report
        Called with prices and their L when these have halved the distance to the target.
    chained
        Whether chains are valued together; not, where the prices are a start for the LP over pairs.
    """
    scales = np.asarray([max(1.0, abs(float(row.bound))) for row in model.rows])
    current = best = start
    evaluated = best_evaluated = evaluate_prices(model, start, chained=chained)
    step, waited, reported = 1.0, 0, evaluated.value
    for _ in range(iterations):
        if time.monotonic() > until or step < SMALLEST_STEP:
            break
        slope, excess = _subgradient(model, evaluated)
        excess /= scales
        norm = float(model.groups.count @ slope**2) + model.instance.requests * float(excess @ excess)
        aim = best_evaluated.value + 0.02 * abs(best_evaluated.value) if target is None else target
        if not norm or (target is not None and best_evaluated.value >= target - CLOSE * abs(target)):
            break
        length = step * max(0.0, aim - evaluated.value) / max(norm, 1e-30)
        group = current.group + length * slope
        limit = np.maximum(0.0, current.limit + length * excess / scales * model.instance.requests)
        current = FloatPrices(group, limit, start.objective)
        evaluated = evaluate_prices(model, current, chained=chained)
        if evaluated.value > best_evaluated.value:
            best, best_evaluated, waited = current, evaluated, 0
            if report is not None and evaluated.value - reported >= 0.5 * (aim - reported):
                reported = evaluated.value
                report(best, reported)
            continue
        waited += 1
        if waited >= PATIENCE:
            step, waited = step * DAMPING, 0
            current, evaluated = best, best_evaluated
    return best, best_evaluated


def _subgradient(model: BatchModel, evaluated: Evaluated) -> tuple[Floats, Floats]:
    """Return the share of each group left unserved, and by how much each limit row is exceeded."""
    types, pairs = evaluated.run()
    count = model.groups.count.astype(np.float64)
    served = np.bincount(pairs.pair_group, minlength=len(count)).astype(np.float64)
    amount = count[pairs.pair_group]
    excess = np.empty(len(model.rows))
    for index, row in enumerate(model.rows):
        of_pairs = concerned(model, row, pairs.pair_type) * amount
        of_types = concerned(model, row, types).astype(np.float64)
        used = of_pairs @ pair_coefficients(model, row, pairs.pair_type, pairs.pair_group).astype(np.float64)
        used += of_types @ type_coefficients(model, row, types).astype(np.float64)
        excess[index] = used - float(row.bound)
    return 1.0 - served, excess
