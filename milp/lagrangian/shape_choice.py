"""Which shapes to open at least value: σ of every shape, and the least of count(N) plus N of them."""

from __future__ import annotations

from instances.batch_model import BatchModel
from milp.lagrangian.box import Box
from milp.lagrangian.prices import Prices, Weights


def shape_totals(
    model: BatchModel,
    weights: Weights,
    prices: Prices,
    totals: dict[tuple[int, int], int],
    used: set[tuple[int, int]],
    barred: set[tuple[int, int]],
) -> list[int | None] | None:
    """Return σ of every shape, None if it cannot be opened; None instead of the list if the box is empty.

    A pair of shape and stream in `used` counts even if it costs, one in `barred` cannot be used.
    """
    if used & barred:
        return None
    streams = range(len(model.instance.streams))
    rebate: dict[tuple[int, int], int] = {}
    for group, shape, price in zip(
        prices.link_group.tolist(), prices.link_shape.tolist(), prices.link.tolist(), strict=True
    ):
        pair = (shape, int(model.groups.stream[group]))
        rebate[pair] = rebate.get(pair, 0) + price * int(model.groups.count[group])
    sigma: list[int | None] = []
    for shape in range(len(model.types.shapes)):
        value = weights.cost_all * model.types.open_once[shape] // prices.fineness
        parts = {
            stream: weights.cost[stream] * model.types.open_stream[shape] // prices.fineness
            + totals[shape, stream]
            - rebate.get((shape, stream), 0)
            for stream in streams
            if (shape, stream) not in barred
        }
        taken = [p for k, p in parts.items() if p < 0 or (shape, k) in used]
        least = sum(taken) if taken else min(parts.values(), default=None)
        sigma.append(None if least is None else int(value + least))
    return sigma


def least_choice(
    model: BatchModel, cost_all: int, fineness: int, sigma: list[int | None], box: Box
) -> int | None:
    """Return the least of count(N) plus N chosen σ within the box; None if no choice is allowed."""
    forced = set(box.opened)
    for batch in box.bounded_types():
        run = box.batches.get(batch, (0, None))[0] > 0
        if run or any(key[1] == batch and bounds[0] > 0 for key, bounds in box.requests.items()):
            forced.add(int(model.types.shape[batch]))
    open_values = {s: value for s, value in enumerate(sigma) if value is not None and s not in box.closed}
    if forced - open_values.keys():
        return None
    free = sorted(value for s, value in open_values.items() if s not in forced)
    total = sum(open_values[s] for s in forced)
    most = model.most_shapes if box.shapes[1] is None else min(model.most_shapes, box.shapes[1])
    best: int | None = None
    for number in range(len(forced), min(most, len(forced) + len(free)) + 1):
        if number > len(forced):
            total += free[number - len(forced) - 1]
        if number >= box.shapes[0]:
            value = total + cost_all * model.count_ticks(number) // fineness
            best = value if best is None else min(best, value)
    return best
