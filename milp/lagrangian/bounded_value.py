"""τ of one batch type under bounds of its own, in plain Python integers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from milp.lagrangian.batch_values import Priced
from milp.lagrangian.box import Box, Range
from milp.lagrangian.reduction import Reduction


def bounded_type(
    under_prices: Priced, batch: int, box: Box, free: int | None, reduction: Reduction | None = None
) -> tuple[int | None, bool]:
    """Return τ of a type under the box's bounds, and whether the box forces it to be run.

    `free` is its τ without bounds, if known; a reduction tells which pairs remain.
    """
    model = under_prices.model
    batches = box.batches.get(batch, (0, None))
    if all(of_type != batch for _, of_type in box.requests):
        least, most = batches
        if most == 0:
            return None, least > 0
        # τ is of running the type at least once as it is.
        if free is not None and most is None and least <= 1:
            return free, least > 0
    forced = batches[0] > 0 or any(b == batch and low > 0 for (_, b), (low, _) in box.requests.items())
    one = np.asarray([batch])
    groups = np.flatnonzero(model.fits(one)[0])
    if reduction is not None:
        groups = groups[reduction.allows(np.full(len(groups), batch), groups)]
        # A pair that is left out has no requests; is that within the box?
        gone = [r for (g, b), r in box.requests.items() if b == batch and g not in groups]
        if any(low > 0 or (high is not None and high < 0) for low, high in gone):
            return None, forced
    costs = [int(cost) for cost in under_prices.pair_costs(one, groups)[0].tolist()]
    ranges: list[tuple[int, int]] = []
    for group, count in zip(groups.tolist(), model.groups.count[groups].tolist(), strict=True):
        least, most = box.requests.get((group, batch), (0, None))
        ranges.append((least, count if most is None else min(most, count)))
    fixed, capacity = int(under_prices.type_fixed[batch]), int(model.types.capacity[batch])
    return bounded_value(costs, ranges, fixed, capacity, batches), forced


def bounded_value(
    costs: Sequence[int],
    ranges: Sequence[tuple[int, int]],
    fixed: int,
    capacity: int,
    batches: Range,
) -> int | None:
    """Return the least value of running a batch type at least once, within bounds.

    Parameters
    ----------
    costs
        Priced cost of one request of each group that fits the type.
    ranges
        Least and most requests of each of these groups.
    fixed
        Priced cost of each batch, at least 0.
    capacity
        Most requests in one batch.
    batches
        Range of the number of batches; at least one is run whatever it says.

    Returns
    -------
    int or None
        The minimum; None if nothing satisfies the bounds.
    """
    if any(most < least for least, most in ranges):
        return None
    forced = sum(least for least, _ in ranges)
    least_batches = max(1, batches[0], -(-forced // capacity))
    if batches[1] is not None and batches[1] < least_batches:
        return None
    base = sum(cost * least for cost, (least, _) in zip(costs, ranges, strict=True))
    free = sorted(
        (cost, most - least)
        for cost, (least, most) in zip(costs, ranges, strict=True)
        if cost < 0 and most > least
    )
    worth = forced + sum(count for cost, count in free if cost * capacity + fixed < 0)
    best: int | None = None
    for number in (least_batches, worth // capacity, worth // capacity + 1):
        number = max(number, least_batches)
        if batches[1] is not None:
            number = min(number, batches[1])
        value = base + fixed * number + _cheapest(free, number * capacity - forced)
        best = value if best is None else min(best, value)
    return best


def _cheapest(free: list[tuple[int, int]], slots: int) -> int:
    total = 0
    for cost, count in free:
        taken = min(count, slots)
        total += cost * taken
        slots -= taken
    return total
