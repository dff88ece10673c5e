"""The plan in which each request runs in the cheapest of some batch types."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from heuristics.assemble import BatchChoice, assemble
from heuristics.errors import Uncoverable
from instances.batch_model import BatchModel
from instances.plan import Plan

Ints = npt.NDArray[np.int64]


def nearest_plan(model: BatchModel, types: Ints) -> Plan | None:
    """Return the plan in which each request runs in the cheapest of some batch types.

    Parameters
    ----------
    model
        Batch model.
    types
        Indices of the types that may be run.

    Returns
    -------
    Plan or None
        None if some request fits none of them.
    """
    choices: list[BatchChoice] = []
    t, g = model.types, model.groups
    for stream in range(len(model.instance.streams)):
        of_stream = g.of_stream(stream)
        groups = np.arange(of_stream.start, of_stream.stop)
        mine = types[t.stream[types] == stream]
        if not len(mine):
            return None
        fits = g.prompt[groups][:, None] <= t.prompt[mine][None, :]
        fits &= g.gen[groups][:, None] <= t.gen[mine][None, :]
        if not fits.any(axis=1).all():
            return None
        costs = np.where(fits, t.unit_cost[mine][None, :], t.unit_cost[mine].max() + 1)
        nearest = np.argmin(costs, axis=1)
        for place in np.unique(nearest).tolist():
            index, members = int(mine[place]), groups[nearest == place]
            shape = t.shapes[int(t.shape[index])]
            choices.append(BatchChoice(stream, shape, members, g.count[members]))
    try:
        return assemble(model.instance, g, choices)
    except Uncoverable:
        return None
