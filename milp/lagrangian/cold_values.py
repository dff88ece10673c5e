"""What the one cold start of each used (shape, stream) adds to L at least.

The cold start falls on some request of some batch type b of the shape, which therefore is run and holds the
request: ``χ_b = max(0, τ_b) + min over groups i that fit b of [ρ_ib + max(0, c_ib)]``, where ρ_ib is what the
limit prices make of the cold start: a longer batch, a request that is late. A used pair costs at least the
least χ of its types.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from instances.exact import INT64_SAFE, magnitude, shifted
from milp.lagrangian.batch_values import Priced, Remains
from milp.lagrangian.prices import Weights

Array = npt.NDArray[Any]

BLOCK = 64
"""Types handled at once."""


def cold_values(
    priced_model: Priced, weights: Weights, fineness: int, remains: Remains | None = None
) -> Array:
    """Return min over groups of [ρ_ib + max(0, c_ib)] for every type: shape (types,), exact.

    A type that no group fits, or none that remains, gets None.
    """
    model = priced_model.model
    values = np.full(len(model.types), None, dtype=object)
    for stream in range(len(model.instance.streams)):
        groups = np.arange(model.groups.start[stream], model.groups.start[stream + 1])
        mine = np.flatnonzero(model.types.stream == stream)
        for start in range(0, len(mine), BLOCK):
            block = mine[start : start + BLOCK]
            costs = np.maximum(priced_model.pair_costs(block, groups), 0)
            total = costs + _effects(priced_model, weights, fineness, block, groups)
            fits = model.fits(block, groups)
            if remains is not None:
                row, column = np.nonzero(fits)
                fits[row, column] = remains(block[row], groups[column])
            some = fits.any(axis=1)
            worst = total.max() + 1
            least = np.where(fits, total, worst).min(axis=1)
            values[block[some]] = least[some].astype(object)
    return values


def cold_value(
    priced_model: Priced,
    weights: Weights,
    fineness: int,
    batch: int,
    inside: set[int],
    remains: Remains | None = None,
) -> int:
    """Return the value of one type that holds requests of the groups `inside` anyway, their c_ib counted.

    Some group fits it, and remains.
    """
    model = priced_model.model
    one = np.asarray([batch])
    groups = np.flatnonzero(model.fits(one)[0])
    if remains is not None:
        groups = groups[remains(np.full(len(groups), batch), groups)]
    costs = np.maximum(priced_model.pair_costs(one, groups), 0)
    costs[0, np.isin(groups, list(inside))] = 0
    total = costs + _effects(priced_model, weights, fineness, one, groups)
    return int(total.min())


def _effects(priced_model: Priced, weights: Weights, fineness: int, types: Array, groups: Array) -> Array:
    """Return ρ_ib, each product with a weight rounded down to whole 1/d."""
    model = priced_model.model
    t = model.types
    stream = int(t.stream[types[0]])
    latency = t.own_latency[groups][None, :] + t.unit_latency[types][:, None]
    ends = shifted(latency, model.delay_ticks)
    longer = np.maximum(ends - t.duration[types][:, None], 0)
    time = [weights.delay[stream][stage] for stage in t.stage[types].tolist()]
    bound = (max(time, default=0) + 1) * (magnitude(longer) + 1)
    bound += sum(reward for _, reward in priced_model.on_time[stream])
    dtype = np.int64 if bound < INT64_SAFE else object
    effect: Array = longer.astype(dtype) * np.asarray(time, dtype=dtype)[:, None] // fineness
    for threshold, reward in priced_model.on_time[stream]:
        late = (latency <= threshold) & (ends > threshold)
        effect = effect + late * np.asarray(reward, dtype=dtype)
    return effect
