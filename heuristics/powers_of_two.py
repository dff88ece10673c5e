"""The usual hand-made grid: shapes and batches at powers of two."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from heuristics.assemble import BatchChoice, assemble
from heuristics.room import batch_sizes, capacity, refuse_too_long
from heuristics.thinning import refuse_no_room, served_groups, thinned
from instances.groups import Groups
from instances.instance import Instance
from instances.plan import Plan
from instances.shapes import Shape, Sizes

Ints = npt.NDArray[np.int64]


def powers_of_two(instance: Instance, groups: Groups) -> Plan:
    """Return the plan whose shapes are powers of two rounded to allowed sizes.

    Shapes that are over the allowed number are thinned out; inside a shape, requests share a batch if their
    gen lengths lie between the same powers of two.

    Raises
    ------
    Uncoverable
        If some request fits no allowed shape, or a batch has no room for it.
    """
    refuse_too_long(instance, groups)
    sizes = np.column_stack([_powers(instance.shapes.prompt, groups.prompt), np.zeros(len(groups), np.int64)])
    if instance.shapes.gen is not None:
        sizes[:, 1] = _powers(instance.shapes.gen, groups.gen)
    sizes = thinned(sizes, groups.count, instance.shape_limit)
    served = served_groups(instance, groups, sizes)
    choices: list[BatchChoice] = []
    for stream, shape, part in served:
        sharing = [(k, members) for k, other, members in served if other == shape]
        declared = shape._replace(batch=_batch_size(instance, groups, shape, sharing))
        bucket = ceil_power(groups.gen[part])
        for value in np.unique(bucket).tolist():
            choices += _bucket(instance, groups, stream, declared, part[bucket == value])
    return assemble(instance, groups, choices)


def _powers(allowed: Sizes, lengths: Ints) -> Ints:
    """Round each length up to a power of two, then to an allowed size, the longest if none is as long."""
    size = allowed.align(ceil_power(lengths))
    if allowed.granularity is None:
        size = np.minimum(size, allowed.values[-1])
    return size


def ceil_power(lengths: Ints) -> Ints:
    """Return the least power of two that is at least each length."""
    power = np.ones_like(lengths)
    while (power < lengths).any():
        power = np.where(power < lengths, power * 2, power)
    return power


def _batch_size(instance: Instance, groups: Groups, shape: Shape, sharing: list[tuple[int, Ints]]) -> int:
    """Return the smallest compiled batch size for all requests of a shape, or the largest that has room."""
    fits = []
    for batch in batch_sizes(instance):
        rooms = [
            capacity(
                instance,
                stream,
                shape._replace(batch=batch),
                int(groups.prompt[part].max()),
                int(groups.gen[part].max()),
            )
            for stream, part in sharing
        ]
        if min(rooms) >= max(batch, 1):
            fits.append(batch)
    load = max(int(groups.count[part].sum()) for _, part in sharing)
    enough = [batch for batch in fits if batch >= load]
    return enough[0] if enough else fits[-1] if fits else batch_sizes(instance)[0]


def _bucket(instance: Instance, groups: Groups, stream: int, shape: Shape, part: Ints) -> list[BatchChoice]:
    """Return the batches of one gen bucket, group by group where they have no room together."""
    parts = [part]
    longest = int(groups.prompt[part].max()), int(groups.gen[part].max())
    if capacity(instance, stream, shape, *longest) < 1:
        parts = list(part[:, None])
    choices = []
    for members in parts:
        own = int(groups.prompt[members].max()), int(groups.gen[members].max())
        room = capacity(instance, stream, shape, *own)
        refuse_no_room(room, shape)
        choices.append(BatchChoice(stream, shape, members, groups.count[members], None, room))
    return choices
