"""What the search may open: candidate batch types of each stream with their running costs, and the shapes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from heuristics.greedy.axes import Cells
from heuristics.room import UNBOUNDED, capacities, shape_is_free
from instances.instance import Instance
from instances.shapes import Shape

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Types:
    """Candidate batch types of one stream: int64 and float64 columns of shape (types,).

    A request costs ``unit`` in a batch of the type, apart from a constant of its own; the batch costs
    ``fixed``. Scores are floats: they steer the search, plans are compared by their exact costs.

    Attributes
    ----------
    shape
        Index into the market's shapes.
    prompt, gen
        Longest aligned prompt and gen length that the type holds.
    side, steps
        Prompt side and number of decode steps run.
    room
        Most requests in a batch.
    unit_cost, fixed_cost
        Cost units per request and per batch.
    unit_tokens, fixed_tokens
        Padded tokens per request and per batch.
    time
        Service latency of the slowest request that fits, cold start apart, in milliseconds.
    """

    shape: Ints
    prompt: Ints
    gen: Ints
    side: Ints
    steps: Ints
    room: Ints
    unit_cost: Floats
    fixed_cost: Floats
    unit_tokens: Floats
    fixed_tokens: Floats
    time: Floats

    def __len__(self) -> int:
        return len(self.shape)


@dataclass(frozen=True, eq=False)
class Market:
    """Cells to serve, types to serve them with, and the shapes that the types need.

    Attributes
    ----------
    streams
        Indices of the streams taken part.
    cells, types
        Per stream.
    shapes
        Distinct shapes; prompt 0 stands for a shape that is chosen afterwards.
    compile_cost
        float64, shape (shapes,): cost units.
    count_cost
        float64: cost of 0, 1, 2, … shapes, in cost units.
    most
        Most shapes.
    per_stream
        Whether each stream pays for compiling the shapes that it uses.
    covers
        Per stream, bool of shape (cells, types): whether the cell fits the type.
    """

    streams: tuple[int, ...]
    cells: tuple[Cells, ...]
    types: tuple[Types, ...]
    shapes: tuple[Shape, ...]
    compile_cost: Floats
    count_cost: Floats
    most: int
    per_stream: bool
    covers: tuple[npt.NDArray[np.bool_], ...]


def form_market(
    instance: Instance, streams: tuple[int, ...], cells: tuple[Cells, ...], rows: Sequence[Ints]
) -> Market:
    """Make types of the corners of each stream (see `corners`)."""
    free = shape_is_free(instance)
    declared = np.unique(np.concatenate([corner[:, :3] for corner in rows]), axis=0)
    shapes = tuple(Shape(*row) for row in declared.tolist())
    number = {shape: index for index, shape in enumerate(shapes)}
    types = []
    for stream, corner in zip(streams, rows, strict=True):
        of = np.asarray([number[Shape(*row)] for row in corner[:, :3].tolist()], dtype=np.int64)
        types.append(_with_room(types_of(instance, stream, corner, of)))
    scale = instance.cost_scale
    compile_cost = [0.0 if free else instance.cost.compile_ticks(shape, scale) / scale for shape in shapes]
    most = len(shapes) if instance.shape_limit is None or free else min(len(shapes), instance.shape_limit)
    steps = [0.0 if free else instance.cost.count.ticks(n, scale) / scale for n in range(most + 1)]
    covers = tuple(
        (cell.prompt[:, None] <= kind.prompt) & (cell.gen[:, None] <= kind.gen)
        for cell, kind in zip(cells, types, strict=True)
    )
    return Market(
        streams,
        cells,
        tuple(types),
        shapes,
        np.asarray(compile_cost),
        np.asarray(steps),
        most,
        instance.cost.compile_per == "stream",
        covers,
    )


def types_of(instance: Instance, stream: int, rows: Ints, shape: Ints) -> Types:
    """Return the types of some rows (see `corners`) of a stream, those without room included.

    Parameters
    ----------
    shape
        int64: index of each row's shape.
    """
    rules, cs, ts = instance.runs, instance.cost_scale, instance.time_scale
    declared, slots, prompt, gen = rows[:, 0], rows[:, 2], rows[:, 3], rows[:, 4]
    side = prompt if rules.decode_at == "batch" else declared
    room = capacities(instance, stream, side, gen, slots)
    work, pace = instance.cost.work, instance.time.work
    decode = _units(work.decode_ticks(side, gen, cs), cs)
    prefill = _units(work.prefill_ticks(declared, cs), cs)
    at_shape = 1.0 if rules.prefill_at == "shape" else 0.0
    unit_cost, unit_tokens = decode + at_shape * prefill, gen + at_shape * declared
    fixed_cost = np.full(len(rows), float(instance.cost.batch))
    fixed_tokens = np.zeros(len(rows))
    if rules.batch_at == "shape":
        # All slots are paid for; a request takes the place of an empty one.
        fixed_cost = fixed_cost + slots * (prefill + decode)
        fixed_tokens = fixed_tokens + slots * (declared + gen)
        unit_cost, unit_tokens = (at_shape - 1) * prefill, (at_shape - 1) * declared
    longest = prompt if rules.prefill_at == "request" else declared
    took = pace.prefill_ticks(longest, ts) + pace.decode_ticks(side, gen, ts)
    time = _units(took, ts) + float(instance.time.batch)
    return Types(shape, prompt, gen, side, gen, room, unit_cost, fixed_cost, unit_tokens, fixed_tokens, time)


def _with_room(types: Types) -> Types:
    some = types.room > 0
    return Types(*(getattr(types, column.name)[some] for column in fields(types)))


def _units(ticks: npt.NDArray[np.int64], scale: int) -> Floats:
    return np.asarray(ticks, dtype=np.float64) / scale


def is_bounded(room: Ints) -> npt.NDArray[np.bool_]:
    """Tell which capacities are limits at all."""
    return np.asarray(room < UNBOUNDED)
