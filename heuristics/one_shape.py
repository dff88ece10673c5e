"""All requests in the single shape that covers everything, in as few batches as the capacity allows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from heuristics.assemble import BatchChoice, assemble
from heuristics.room import batch_sizes, capacity, refuse_too_long, smallest_shape
from heuristics.thinning import refuse_no_room
from instances.groups import Groups
from instances.instance import Instance
from instances.plan import Plan
from instances.shapes import Shape


def one_shape(instance: Instance, groups: Groups) -> Plan:
    """Return the plan that opens one shape.

    Raises
    ------
    Uncoverable
        If no allowed shape holds every request, or none has room for it.
    """
    refuse_too_long(instance, groups)
    longest = int(groups.prompt.max()), int(groups.gen.max())
    plans: list[list[BatchChoice]] = []
    for batch in reversed(batch_sizes(instance)):
        shape = smallest_shape(instance, *longest, batch)
        choices = _fill(instance, groups, shape)
        if choices is not None:
            plans.append(choices)
    if not plans:
        refuse_no_room(0, smallest_shape(instance, *longest))
    return assemble(instance, groups, min(plans, key=lambda choices: _batches(instance, groups, choices)))


def _fill(instance: Instance, groups: Groups, shape: Shape) -> list[BatchChoice] | None:
    choices = []
    for stream in range(len(instance.streams)):
        mine = np.arange(len(groups))[groups.of_stream(stream)]
        longest = int(groups.prompt[mine].max()), int(groups.gen[mine].max())
        parts = [mine]
        if capacity(instance, stream, shape, *longest) < 1:
            # Lengths that do not fit together may still fit one by one.
            parts = list(mine[:, None])
        for part in parts:
            own = int(groups.prompt[part].max()), int(groups.gen[part].max())
            room = capacity(instance, stream, shape, *own)
            if room < 1:
                return None
            choices.append(BatchChoice(stream, shape, part, groups.count[part], None, room))
    return choices


def _batches(instance: Instance, groups: Groups, choices: Sequence[BatchChoice]) -> int:
    return sum(-(-int(choice.amounts.sum()) // (choice.capacity or 1)) for choice in choices)
