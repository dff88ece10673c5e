"""Types that prices give no reason to run: τ ≥ 0 is seen without valuing them.

No group that fits a type has a unit cost below the least U_b − r_i, the largest gain r_i being taken over all
groups of its stream that are no longer than the type's gen bound and the shape's longest prompt bound. So

    τ_b ≥ min over z ≥ 1 of z (f_b + c_b min(0, U_b − largest gain)) ≥ 0

if f_b + c_b (U_b − largest gain) ≥ 0, and min(0, τ_b), which is all that bounds make of most types, is 0.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from milp.lagrangian.batch_values import Priced
from milp.lagrangian.parts import parts

Array = npt.NDArray[Any]


def quiet_types(under_prices: Priced) -> npt.NDArray[np.bool_]:
    """Tell for each type whether τ ≥ 0 follows from the largest gain within its bounds."""
    model = under_prices.model
    t, g = model.types, model.groups
    quiet = np.zeros(len(t), dtype=bool)
    if (t.unit_cost != 0).all() or (t.limited is not None and (t.limited.unit != 0).all()):
        # Where each request pays, few pairs can be negative, and looking at those takes no longer.
        return quiet
    orders = []
    for stream in range(len(model.instance.streams)):
        of_stream = np.arange(len(g))[g.of_stream(stream)]
        orders.append(of_stream[np.argsort(g.gen[of_stream], kind="stable")])
    for (shape, stream), part in parts(t).items():
        groups = orders[stream]
        groups = groups[g.prompt[groups] <= t.prompt[part].max()]
        gain = under_prices.group_gain[groups]
        row = int(under_prices.link_row[shape])
        if row >= 0:
            gain = gain - under_prices.link[row, groups]
        gain = np.maximum.accumulate(gain) + sum(reward for _, reward in under_prices.on_time[stream])
        held = np.searchsorted(g.gen[groups], t.gen[part], side="right")
        # A type is attained by some group, so at least one is held.
        least = np.minimum(under_prices.type_unit[part] - gain[held - 1], 0)
        capacity = t.capacity[part].astype(least.dtype)
        quiet[part] = (under_prices.type_fixed[part] + capacity * least >= 0).astype(bool)
    return quiet
