"""Root prices for another aim than the cost, found through the cost.

Durations and numbers of batches make poor linear programs by themselves: where nothing else costs, everything
looks alike until the limits have prices. Where the cost is limited, to C say, the roles are exchanged: with
V(T) the bound on the cost under the limit "at most T of what is minimised", and π the price of that limit
there, every plan within C has at least

    T + (V(T) − C) / π

of it, since L is linear in the right-hand sides of the limits. V falls and is convex in T, so setting T to
this again is Newton's method for V(T) = C. It approaches the least T from below; from above it may go far too
low, and the interval is halved instead. The prices of L divided by π are prices for the aim itself, under
which L is just that bound.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction

import numpy as np

from instances.batch_model import BatchModel, form_batch_model
from instances.instance import Instance
from instances.limit_rows import LimitRow
from instances.named_limits import LimitName, limited, named_limits
from milp.formulation.selection import Selection
from milp.root.outcome import Root
from milp.root.pricing import FloatPrices, evaluate_prices
from milp.root.search import dearest, search_root

MOST_STEPS = 12
CLOSE = 1e-5
MARGINS = (0.003, 0.03, 0.1)
"""How much more of the aim than its bound plans may have that are looked for through their cost."""
NEAR_GAP = 1e-4
"""Gap at which a cheapest plan is near enough to the bound on the cost."""

EXCHANGED = ("total_time", "batches")
"""Aims that can be limited as rows."""


def exchanges(model: BatchModel) -> bool:
    """Tell whether the aim and the cost can change roles: the cost is limited, and the aim can be."""
    return model.types.limited is not None and model.instance.minimize in EXCHANGED


def search_through_cost(
    model: BatchModel,
    *,
    target: float | None,
    seed_pairs: Selection | None,
    until: float,
    report: Callable[[FloatPrices, float], None] | None = None,
) -> Root | None:
    """Search for prices as `search_root` does; None if the limit on the cost binds nothing.

    Parameters
    ----------
    model, target, seed_pairs, until, report
        As in `search_root`; what is minimised is not the cost.
    """
    best: Root | None = None
    most = high = dearest(model) if target is None else target
    for _ in range(MOST_STEPS):
        left = until - time.monotonic()
        if left <= 0:
            break
        exchanged = _exchanged(model, int(most))
        root = search_root(
            exchanged,
            target=None,
            seed_pairs=seed_pairs,
            until=time.monotonic() + 0.5 * left,
            latest=until,
        )
        seed_pairs = root.selection
        low = 0.0 if best is None else best.evaluated.value
        prices = _returned(model, exchanged, root.prices)
        evaluated = None if prices is None else evaluate_prices(model, prices)
        if prices is not None and evaluated is not None and (best is None or evaluated.value > low):
            best = Root(prices, evaluated, root.selection, root.converged)
            if report is not None:
                report(prices, evaluated.value)
        newton = low if evaluated is None else evaluated.value
        if newton < most:
            # The cost is within its limit here.
            high = most
        low = max(low, newton)
        if high - low <= CLOSE * high or (newton >= most and newton - most <= CLOSE * newton):
            break
        most = newton if newton >= most else max(newton, (low + high) / 2)
    return best


def cheapest_within(instance: Instance, most: int) -> Instance:
    """Return the instance that minimises the cost with at most so many ticks of the instance's own aim.

    The cost itself is not limited.
    """
    for name in named_limits(instance):
        if name.metric == "cost":
            instance = limited(instance, name, None)
    aim = LimitName(instance.minimize)
    value = Fraction(max(1, most), instance.objective_scale)
    own = named_limits(instance).get(aim)
    return replace(limited(instance, aim, value if own is None else min(own, value)), minimize="cost")


def near(model: BatchModel, value: float, best: int | None) -> Iterator[Instance]:
    """Yield instances whose cheapest plans have little more of the aim than `value` ticks, under `best`."""
    for margin in MARGINS:
        most = int(value * (1 + margin))
        if best is None or most < best:
            yield cheapest_within(model.instance, most)


def _exchanged(model: BatchModel, most: int) -> BatchModel:
    return form_batch_model(cheapest_within(model.instance, most))


def _returned(model: BatchModel, exchanged: BatchModel, prices: FloatPrices) -> FloatPrices | None:
    """Return the prices of the exchanged model as prices of the model; None if the aim has none there."""
    price = dict(zip((row.label for row in exchanged.rows), prices.limit.tolist(), strict=True))
    of_aim = price[str(LimitName(model.instance.minimize))]
    if of_aim <= 0:
        return None
    labels = [row.label for row in model.rows]
    over_all = str(LimitName("cost")) in labels
    limit = np.asarray([_price(row, price, over_all) for row in model.rows])
    return FloatPrices(
        prices.group / of_aim,
        limit / of_aim,
        1.0,
        prices.link_group,
        prices.link_shape,
        prices.link / of_aim,
    )


def _price(row: LimitRow, price: dict[str, float], over_all: bool) -> float:
    if row.kind != "cost":
        return price.get(row.label, 0.0)
    # The cost of the exchanged model is that of all streams together.
    return 1.0 if over_all == (row.stream is None) else 0.0
