"""Every request in a batch of its own, in the smallest shape that holds it."""

from __future__ import annotations

from heuristics.assemble import BatchChoice, assemble
from heuristics.room import batch_sizes, capacity, refuse_too_long, shape_is_free
from heuristics.thinning import refuse_no_room, served_groups, smallest_sizes, thinned
from instances.groups import Groups
from instances.instance import Instance
from instances.plan import Plan


def one_per_batch(instance: Instance, groups: Groups) -> Plan:
    """Return the plan that never shares a batch.

    Where the shape does not matter for the work, one shape serves each stream. More shapes than allowed are
    thinned out.

    Raises
    ------
    Uncoverable
        If some request fits no allowed shape, or a batch has no room for it.
    """
    refuse_too_long(instance, groups)
    sizes = smallest_sizes(instance, groups)
    if shape_is_free(instance):
        for stream in range(len(instance.streams)):
            mine = groups.of_stream(stream)
            sizes[mine] = sizes[mine].max(axis=0)
    sizes = thinned(sizes, groups.count, instance.shape_limit)
    smallest = batch_sizes(instance)[0]
    choices = []
    for stream, shape, part in served_groups(instance, groups, sizes):
        declared = shape._replace(batch=smallest)
        for group in part.tolist():
            room = capacity(instance, stream, declared, int(groups.prompt[group]), int(groups.gen[group]))
            refuse_no_room(room, declared)
        choices.append(BatchChoice(stream, declared, part, groups.count[part], None, 1))
    return assemble(instance, groups, choices)
