"""Prices, and what they make of costs, padding, time and lateness."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from instances.batch_model import BatchModel
from instances.exact import IntArray


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
        Weight of the cost itself: 1 for a bound on cost, 0 to prove that no plan exists.
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

    Parameters
    ----------
    cost
        Per stream: weight of a cost tick of its batches and of its compile cost.
    cost_all
        Weight of a cost tick that belongs to no stream: base, count, compile cost paid once.
    tokens
        Per stream: weight of a padded token.
    time
        Per stream and stage: weight of a time tick of a batch's duration.
    reward
        Per stream and stage: reward of each request served in the stage.
    on_time
        Per stream: (latency threshold in time ticks, reward) of each service-latency limit.
    constant
        −Σ μ r, plus the base cost.
    """

    cost: list[Any]
    cost_all: Any
    tokens: list[Any]
    time: list[list[Any]]
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
        Weight of the cost itself.
    """
    streams = range(len(model.instance.streams))
    stages = range(int(model.types.stage.max(initial=0)) + 1)
    weights = Weights(
        cost=[objective for _ in streams],
        cost_all=objective,
        tokens=[objective * 0 for _ in streams],
        time=[[objective * 0 for _ in stages] for _ in streams],
        reward=[[objective * 0 for _ in stages] for _ in streams],
        on_time=[[] for _ in streams],
        constant=0,
    )
    constant = objective * 0
    cost_all = objective
    for row, price in zip(model.rows, limit, strict=True):
        constant -= price * row.bound
        if row.kind == "cost" and row.stream is None:
            cost_all += price
        for k in streams:
            if row.stream not in (None, k):
                continue
            if row.kind == "cost":
                weights.cost[k] += price
            elif row.kind == "tokens":
                weights.tokens[k] += price
            elif row.kind == "latency":
                weights.on_time[k].append((row.threshold, price))
            for stage in stages:
                if row.kind == "total_time" or (row.kind == "work" and stage <= row.stage):
                    weights.time[k][stage] += price
                elif row.kind == "served" and stage <= row.stage:
                    weights.reward[k][stage] += price
    base = int(model.instance.cost.base * model.instance.cost_scale)
    return Weights(
        weights.cost,
        cost_all,
        weights.tokens,
        weights.time,
        weights.reward,
        weights.on_time,
        constant + cost_all * base,
    )
