"""How many requests fit into a batch, and which lengths it runs at."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from heuristics.errors import Uncoverable
from instances.groups import Groups
from instances.instance import Instance
from instances.shapes import Shape

Ints = npt.NDArray[np.int64]

UNBOUNDED = 2**62
"""Capacity of a batch that nothing limits, in requests."""


def capacities(instance: Instance, stream: int, side: Ints, steps: Ints, slots: Ints) -> Ints:
    """Return how many requests fit into each batch; 0 where not even one does.

    Parameters
    ----------
    side, steps
        Prompt side and number of the decode steps that the batch runs, in tokens.
    slots
        Compiled batch size; 0 where it is not compiled.
    """
    most, tokens = instance.batch_limits(stream)
    room = np.where(slots > 0, slots, UNBOUNDED)
    if most is not None:
        room = np.minimum(room, most)
    if tokens is None:
        return room
    by_memory = tokens // (side + steps)
    if instance.runs.batch_at == "shape":
        return np.where(slots <= by_memory, room, 0)
    return np.asarray(np.minimum(room, by_memory))


def capacity(instance: Instance, stream: int, shape: Shape, prompt: int, gen: int) -> int:
    """Return how many requests of at most `prompt` and `gen` tokens fit into one batch of a shape."""
    side = prompt if instance.runs.decode_at == "batch" else shape.prompt
    steps = gen if instance.runs.gen_at == "batch" else shape.gen
    columns = (np.asarray([value], dtype=np.int64) for value in (side, steps, shape.batch))
    return int(capacities(instance, stream, *columns)[0])


def batch_sizes(instance: Instance) -> tuple[int, ...]:
    """Return the compiled batch sizes in ascending order; a single 0 if the size is not compiled."""
    return (0,) if instance.shapes.batch is None else instance.shapes.batch.values


def smallest_shape(instance: Instance, prompt: int, gen: int, batch: int = 0) -> Shape:
    """Return the smallest shape that holds requests of these lengths.

    Raises
    ------
    Uncoverable
        If an allowed size is too small.
    """
    aligned = int(instance.shapes.prompt.align(np.asarray([prompt]))[0])
    if not instance.shapes.prompt.allows(aligned):
        raise Uncoverable(f"no allowed shape holds a prompt of {prompt} tokens")
    if instance.shapes.gen is None:
        return Shape(aligned, 0, batch)
    steps = int(instance.shapes.gen.align(np.asarray([gen]))[0])
    if not instance.shapes.gen.allows(steps):
        raise Uncoverable(f"no allowed shape holds a generation of {gen} tokens")
    return Shape(aligned, steps, batch)


def refuse_too_long(instance: Instance, groups: Groups) -> None:
    """Raise `Uncoverable` if some request fits no allowed shape."""
    smallest_shape(instance, int(groups.prompt.max()), int(groups.gen.max()))


def shape_is_free(instance: Instance) -> bool:
    """Tell whether running work does not depend on the declared shape, so that one per stream is enough."""
    rules = instance.runs
    return (
        rules.prefill_at == "request"
        and rules.decode_at == "batch"
        and rules.gen_at == "batch"
        and rules.batch_at == "actual"
    )
