"""A cost model over batch types: what is of the request, of the batch, and of the shape."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from instances.cost import CostModel
from instances.exact import IntArray, magnitude, shifted, widened
from instances.groups import Groups
from instances.instance import Instance
from instances.shapes import Shape

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class CostColumns:
    """A cost, split into the parts of requests, batches and shapes, in ticks.

    Attributes
    ----------
    unit, fixed
        Shape (types,): the type's part of what each request costs, and what each batch costs.
    own
        Shape (groups,): the request's part.
    open_once, open_stream
        Shape (shapes,): compile cost paid once per shape, and per stream that uses it.
    """

    unit: IntArray
    fixed: IntArray
    own: IntArray
    open_once: tuple[int, ...]
    open_stream: tuple[int, ...]


def split_cost(
    instance: Instance,
    cost: CostModel,
    scale: int,
    groups: Groups,
    shapes: tuple[Shape, ...],
    lengths: tuple[Ints, Ints, Ints, Ints],
    usable: npt.NDArray[np.bool_],
) -> CostColumns:
    """Split a cost model over the usable types, given the lengths that batches of each type run at."""
    side, gen, declared, slots = (column[usable] for column in lengths)
    at_request = instance.runs.prefill_at == "request"
    decode = cost.work.decode_ticks(side, gen, scale)
    slot = cost.work.prefill_ticks(declared, scale) + decode
    unit = decode if at_request else slot
    fixed: IntArray = np.zeros(len(side), dtype=np.int64)
    if instance.runs.batch_at == "shape":
        unit = unit - slot
        bound = magnitude(slot) * magnitude(slots)
        fixed = widened(slots, bound) * widened(slot, bound)
    own: IntArray = np.zeros(len(groups), dtype=np.int64)
    if at_request:
        own = cost.work.prefill_ticks(groups.prompt, scale)
    opening, none = tuple(cost.compile_ticks(s, scale) for s in shapes), (0,) * len(shapes)
    once = cost.compile_per == "once"
    fixed = shifted(fixed, int(cost.batch * scale))
    return CostColumns(unit, fixed, own, opening if once else none, none if once else opening)
