"""Where requests only choose among opened shapes: the interchange of shapes, from a plan's own."""

from __future__ import annotations

import numpy as np

from heuristics.interchange import MOST_CELLS, Interchange, longest_type
from heuristics.nearest import nearest_plan
from instances.batch_model import form_batch_model
from instances.groups import Groups
from instances.instance import Instance
from instances.limit_rows import limit_rows
from instances.plan import Plan


def only_covers(instance: Instance) -> bool:
    """Tell whether a plan is a choice of shapes: one stream, all lengths compiled, no capacity, no limits."""
    rules = instance.runs
    return (
        len(instance.streams) == 1
        and rules.decode_at == rules.gen_at == "shape"
        and rules.batch_at == "actual"
        and instance.shapes.batch is None
        and instance.batch_limits(0) == (None, None)
        and not limit_rows(instance)
    )


def interchanged(instance: Instance, groups: Groups, plan: Plan, until: float) -> Plan | None:
    """Return the plan of a local optimum of the interchange that begins with a plan's shapes.

    Parameters
    ----------
    until
        Clock time (`time.monotonic`) at which to stop.

    Returns
    -------
    Plan or None
        None if the instance is of another kind, or too large to hold.
    """
    if not only_covers(instance):
        return None
    pairs = len(np.unique(groups.prompt)) * len(np.unique(groups.gen))
    if pairs * len(groups) > 10 * MOST_CELLS:
        return None
    model = form_batch_model(instance)
    if len(model.types) * len(groups) > MOST_CELLS:
        return None
    opened = [k for k, shape in enumerate(model.types.shapes) if shape in set(plan.shapes)]
    start = np.flatnonzero(np.isin(model.types.shape, opened))
    space = Interchange(model, np.arange(len(model.types)))
    return nearest_plan(model, space.descend(np.union1d(start, longest_type(model)), until))
