"""Reduced-cost fixing, exactly: pairs that no plan under a claimed bound can use.

Under any prices, a plan that runs a type b of shape s costs at least L + max(0, τ_b) + e_s, where e_s is what
opening s adds to the least choice of shapes at least; one that puts a request of group i into it costs at
least max(0, c_ib) more, since without that request the type is still worth at least τ_b. Where that reaches
the claim, the claim needs no further proof for such plans, and the pair may be left out of every other bound.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import numpy as np
import numpy.typing as npt

from instances.exact import INT64_SAFE
from milp.lagrangian.batch_values import Priced

Array = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Reduction:
    """Which pairs a plan that costs less than a claim can use.

    Parameters
    ----------
    priced
        The batch model under the prices that tell.
    excess
        Shape (types,): what running the type at all adds to L at least.
    room
        Claim − L, in the unit of the prices: what a plan under the claim may add to L is less.
    """

    priced: Priced
    excess: Array
    room: int

    def allows(self, types: Array, groups: Array) -> npt.NDArray[np.bool_]:
        """Tell which pairs remain, shape (pairs,), for types and groups of equal length."""
        costs = np.maximum(self.priced.costs_of(types, groups), 0)
        remains: npt.NDArray[np.bool_] = (self.excess[types] + costs < self.room).astype(bool)
        return remains


def opening_excess(shape_values: list[int], count_costs: list[int]) -> list[int]:
    """Return what opening each shape adds to the least of count(N) plus the N smallest σ, at least.

    Parameters
    ----------
    shape_values
        σ of every shape.
    count_costs
        Cost of N shapes, for N from 0 to as many as a plan can open, in the unit of σ.
    """
    sums = list(accumulate(sorted(shape_values), initial=0))[: len(count_costs)]
    free = min(total + cost for total, cost in zip(sums, count_costs, strict=True))
    # Of N shapes with the forced one among them, the others are at best the N − 1 smallest. These may hold
    # the forced one again; then it says more that no choice is worth less than the free one.
    beside = min((total + cost for total, cost in zip(sums, count_costs[1:], strict=False)), default=0)
    return [max(0, beside + value - free) for value in shape_values]


def reduction(priced_model: Priced, batch_value: Array, opening: list[int], room: int) -> Reduction:
    """Return what remains under prices, from τ of every type and what opening each shape adds."""
    excess = np.maximum(batch_value, 0)
    added = np.asarray(opening, dtype=object)
    if excess.dtype != object and max(opening, default=0) < INT64_SAFE:
        added, room = added.astype(np.int64), min(room, INT64_SAFE * 4)
    return Reduction(priced_model, excess + added[priced_model.model.types.shape], room)
