"""What a request costs at least in each shape, whichever batch of it runs the request.

Where all types of a shape and stream have the same prompt bound, group i pays at least

    V_is = min over types b of the shape that hold it of [c_ib + f_b / c_b]

per request in shape s. With these costs requests only choose among opened shapes, as where every shape has
one type. The duals α of that LP, with link prices κ_is = max(0, α_i − V_is), leave no type with τ_b < 0, so L
is the LP's value; where the types form a chain L is more without link prices.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from instances.batch_model import BatchModel
from milp.formulation.selection import Selection
from milp.lagrangian.parts import parts
from milp.root.pricing import FloatPrices

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

MOST_VALUES = 20_000_000
"""Pairs of groups and shapes up to which V is held in memory."""
MARGIN = 1e-9
"""What link prices exceed α − V by, relative to α, so that rounding leaves no type negative."""


@dataclass(frozen=True, eq=False)
class Choice:
    """The parts, each a shape used by a stream, and what requests cost in them.

    Attributes
    ----------
    shape, stream
        int64, shape (parts,).
    value
        Shape (groups, parts): V in cost ticks; infinite where the part does not hold the group.
    """

    shape: Ints
    stream: Ints
    value: Floats


def is_choice(model: BatchModel) -> bool:
    """Tell whether an instance is of the kind that `form_choice` takes."""
    t = model.types
    if model.rows or model.minimizes_cold_starts or not len(t) or int(t.stage.max()) > 0:
        return False
    found = parts(t)
    if len(found) * len(model.groups) > MOST_VALUES or len(found) == len(t):
        return False
    costs = [model.count_ticks(n) for n in range(model.most_shapes + 1)]
    convex = all(a <= b for a, b in pairwise(np.diff(np.asarray(costs, dtype=object))))
    alike = all(t.prompt[part.start] == t.prompt[part.stop - 1] for part in found.values())
    return alike and convex and costs[0] == 0


def form_choice(model: BatchModel) -> Choice:
    """Compute V."""
    t, g = model.types, model.groups
    share = t.fixed_cost.astype(np.float64) / t.capacity
    unit = t.unit_cost.astype(np.float64) + share
    found = parts(t)
    value = np.full((len(g), len(found)), np.inf)
    for column, ((_, stream), part) in enumerate(found.items()):
        groups = np.arange(len(g))[g.of_stream(stream)]
        groups = groups[g.prompt[groups] <= t.prompt[part.start]]
        # Types hold a group if their gen bound does: the cheapest of those from the first such on.
        least = np.append(np.minimum.accumulate(unit[part][::-1])[::-1], np.inf)
        value[groups, column] = least[np.searchsorted(t.gen[part], g.gen[groups])]
    value += t.own_cost.astype(np.float64)[:, None]
    pairs = np.asarray(list(found), dtype=np.int64)
    return Choice(pairs[:, 0], pairs[:, 1], value)


def batch_shares(model: BatchModel, choice: Choice, pairs: Selection) -> Floats:
    """Return what each request pays in a plan over its V in the same shape: shape (groups,).

    Parameters
    ----------
    pairs
        The pairs of the plan. A batch that runs any of a group is taken to run all of it.
    """
    t = model.types
    size = np.bincount(pairs.pair_type, model.groups.count[pairs.pair_group], minlength=len(t))
    of_type = np.zeros(len(t), dtype=np.int64)
    for index, part in enumerate(parts(t).values()):
        of_type[part] = index
    paid = t.unit_cost.astype(np.float64) + t.fixed_cost.astype(np.float64) / np.clip(size, 1, t.capacity)
    paid = paid[pairs.pair_type] + t.own_cost.astype(np.float64)[pairs.pair_group]
    over = paid - choice.value[pairs.pair_group, of_type[pairs.pair_type]]
    shares = np.full(len(model.groups), np.inf)
    np.minimum.at(shares, pairs.pair_group, np.maximum(over, 0.0))
    return np.where(np.isfinite(shares), shares, 0.0)


def linked_prices(choice: Choice, alpha: Floats, without: set[tuple[int, int]]) -> FloatPrices:
    """Return α with the link prices that keep every type from being negative, but in the parts `without`."""
    apart = [
        index
        for index, pair in enumerate(zip(choice.shape.tolist(), choice.stream.tolist(), strict=True))
        if pair not in without
    ]
    price = np.maximum(0.0, alpha[:, None] - choice.value[:, apart])
    group, place = np.nonzero(price)
    margin = MARGIN * np.abs(alpha[group])
    shape = choice.shape[np.asarray(apart, dtype=np.int64)[place]]
    return FloatPrices(alpha, np.zeros(0), 1.0, group, shape, price[group, place] + margin)
