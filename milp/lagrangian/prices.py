"""Prices, and what they make of costs, padding, time and lateness."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from instances.batch_model import BatchModel
from instances.exact import IntArray
from instances.limit_rows import LimitRow


@dataclass(frozen=True, eq=False)
class Prices:
    """Multipliers of one Lagrangian bound, as integers over a common denominator.

    Parameters
    ----------
    denominator
        d: group and link prices are numerators over it.
    fineness
        Limit prices and the objective are numerators over denominator × fineness: rows of time or tokens have
        far larger activities than one request has cost, so their prices need more digits.
    group
        Shape (groups,): price α of serving one request, in cost ticks, of any sign.
    limit
        Shape (rows,): multiplier μ ≥ 0 of each limit row, in cost ticks per unit of the row, over d ×
        fineness.
    link_group, link_shape, link
        Shape (links,): multipliers κ ≥ 0, in cost ticks per request, of the strong links
        ``Σ_{b of shape s} x_ib ≤ n_i y_s``; group indices, shape indices, values.
    cold
        Whether L counts what cold starts add at least; it is a bound either way, and faster without.
    objective
        Weight of what is minimised: 1 for a bound on it, 0 to prove that no plan exists.
    """

    denominator: int
    fineness: int
    group: IntArray
    limit: IntArray
    objective: int
    link_group: IntArray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    link_shape: IntArray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    link: IntArray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    cold: bool = False

    @property
    def valid(self) -> bool:
        """Whether signs are as the bound needs them."""
        signs = (self.limit >= 0).all() and (self.link >= 0).all()
        return bool(signs) and self.denominator > 0 and self.fineness > 0 and self.objective in (0, 1)


@dataclass(frozen=True)
class Weights:
    """What one unit weighs under given prices. Numbers are of one kind: Python ints, or floats for pricing.

    The cost is what the instance minimises; where that is another metric, its own cost weighs apart.

    Parameters
    ----------
    cost
        Per stream: weight of a cost tick of its batches and of its compile cost.
    cost_all
        Weight of a cost tick that belongs to no stream: base, count, compile cost paid once.
    limited, limited_all
        The same of the instance's own cost where it is limited and something else is minimised; 0 otherwise.
    tokens
        Per stream: weight of a padded token.
    batches
        Per stream: weight of a batch.
    time
        Per stream and stage: weight of a time tick of a batch's duration.
    delay
        Per stream and stage: weight of a time tick by which a cold start prolongs a batch.
    reward
        Per stream and stage: reward of each request served in the stage.
    on_time
        Per stream: (latency threshold in time ticks, reward) of each service-latency limit.
    constant
        −Σ μ r, plus the base cost.
    """

    cost: list[Any]
    cost_all: Any
    limited: list[Any]
    limited_all: Any
    tokens: list[Any]
    batches: list[Any]
    time: list[list[Any]]
    delay: list[list[Any]]
    reward: list[list[Any]]
    on_time: list[list[tuple[int, Any]]]
    constant: Any


def weigh(model: BatchModel, limit: list[Any], objective: Any) -> Weights:
    """Collect the multipliers of all limit rows into weights.

    Parameters
    ----------
    model
        The batch model whose rows the multipliers belong to.
    limit
        One multiplier per row.
    objective
        Weight of what is minimised.
    """
    streams = range(len(model.instance.streams))
    stages = range(int(model.types.stage.max(initial=0)) + 1)
    zero = objective * 0
    weights = Weights(
        cost=[objective for _ in streams],
        cost_all=objective,
        limited=[zero for _ in streams],
        limited_all=zero,
        tokens=[zero for _ in streams],
        batches=[zero for _ in streams],
        time=[[zero for _ in stages] for _ in streams],
        delay=[[objective if model.minimizes_cold_starts else zero for _ in stages] for _ in streams],
        reward=[[zero for _ in stages] for _ in streams],
        on_time=[[] for _ in streams],
        constant=zero,
    )
    apart = model.types.limited is not None
    constant, over_all = zero, zero
    for row, price in zip(model.rows, limit, strict=True):
        constant -= price * row.bound
        if row.kind == "cost" and row.stream is None:
            over_all += price
        for k in streams:
            if row.stream in (None, k):
                _add(weights, row, price, k, weights.limited if apart else weights.cost)
    cost_all, limited_all = (objective, over_all) if apart else (objective + over_all, zero)
    constant += cost_all * model.base_ticks + limited_all * model.limited_base_ticks
    return replace(weights, cost_all=cost_all, limited_all=limited_all, constant=constant)


def _add(weights: Weights, row: LimitRow, price: Any, stream: int, cost: list[Any]) -> None:
    """Add the price of a limit row to what it makes of one stream."""
    if row.kind == "cost":
        cost[stream] += price
    elif row.kind == "tokens":
        weights.tokens[stream] += price
    elif row.kind == "batches":
        weights.batches[stream] += price
    elif row.kind == "latency":
        weights.on_time[stream].append((row.threshold, price))
    for stage in range(len(weights.time[stream])):
        if row.kind == "total_time" or (row.kind == "work" and stage <= row.stage):
            weights.time[stream][stage] += price
            weights.delay[stream][stage] += price
        elif row.kind == "served" and stage <= row.stage:
            weights.reward[stream][stage] += price
