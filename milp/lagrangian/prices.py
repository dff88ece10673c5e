"""Prices, and what they make of costs, padding, time and lateness."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import product
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

    Parameters
    ----------
    measures
        Weight of a unit of each measure that a batch has: by measure, then per stream and stage.
    over_all
        The same of what belongs to no stream: opened shapes, where they are paid once, and their number.
    delay
        Per stream and stage: weight of a time tick by which a cold start prolongs a batch.
    on_time
        Per stream: (latency threshold in time ticks, reward) of each service-latency limit.
    constant
        −Σ μ r, the objective being a row of bound −base.
    """

    measures: dict[str, list[list[Any]]]
    over_all: dict[str, Any]
    delay: list[list[Any]]
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
    measures = {name: [[zero for _ in stages] for _ in streams] for name in model.measures}
    over_all = dict.fromkeys(model.measures, zero)
    on_time: list[list[tuple[int, Any]]] = [[] for _ in streams]
    constant = zero
    for row, price in zip(model.weighed, (objective, *limit), strict=True):
        constant -= price * row.bound
        mine = [k for k in streams if row.stream in (None, k)]
        if row.kind == "latency":
            for k in mine:
                on_time[k].append((row.threshold, price))
            continue
        if row.stream is None:
            over_all[row.measure] += price
        for k, stage in product(mine, stages):
            if stage <= row.until:
                measures[row.measure][k][stage] += price
    prolonging = [weight for name, weight in measures.items() if model.measures[name].delay]
    delay = [[sum((weight[k][stage] for weight in prolonging), zero) for stage in stages] for k in streams]
    return Weights(measures, over_all, delay, on_time, constant)
