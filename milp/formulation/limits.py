"""Limit rows of the formulation."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from instances.batch_model import BatchModel
from instances.exact import IntArray, narrowed
from instances.limit_rows import LimitRow
from milp.formulation.arrays import Columns
from milp.formulation.selection import Selection
from milp.formulation.writer import Writer

Ints = npt.NDArray[np.int64]


def add_limits(model: BatchModel, selection: Selection, columns: Columns, writer: Writer) -> list[int]:
    """Write one row per limit and return their indices."""
    return [_add_row(model, selection, columns, writer, row) for row in model.weighed[1:]]


def pair_coefficients(model: BatchModel, row: LimitRow, pair_type: Ints, pair_group: Ints) -> IntArray:
    """Return what one request of each pair adds to a limit row, streams and stages not yet regarded."""
    types = model.types
    if row.kind == "latency":
        latency = types.own_latency[pair_group] + types.unit_latency[pair_type]
        return -(latency <= row.threshold).astype(np.int64)
    measure = model.measures[row.measure]
    return measure.own[pair_group] + measure.unit[pair_type]


def type_coefficients(model: BatchModel, row: LimitRow, types: Ints) -> IntArray:
    """Return what one batch of each type adds to a limit row, streams and stages not yet regarded."""
    if row.kind == "latency":
        return np.zeros(len(types), dtype=np.int64)
    return model.measures[row.measure].fixed[types]


def concerned(model: BatchModel, row: LimitRow, types: Ints) -> npt.NDArray[np.bool_]:
    """Tell which types a limit row speaks of."""
    # How late requests are is a matter of pairs.
    stage = 0 if row.kind == "latency" else model.types.stage[types]
    mine: npt.NDArray[np.bool_] = row.counts(model.types.stream[types], stage)
    return mine


def cold_coefficient(model: BatchModel, row: LimitRow, index: int, group: int) -> int:
    """Return what a cold start on a request of a pair adds to a limit row."""
    types = model.types
    latency = int(types.own_latency[group]) + int(types.unit_latency[index])
    ends = latency + model.delay_ticks
    if row.kind == "latency":
        return int(latency <= row.threshold < ends)
    return model.measures[row.measure].delay * max(0, ends - int(types.duration[index]))


def _add_row(model: BatchModel, selection: Selection, columns: Columns, writer: Writer, row: LimitRow) -> int:
    index = writer.row("limit", [], [], None, row.bound)

    def add(where: Ints, values: Any) -> None:
        exact = narrowed(np.asarray(values, dtype=object))
        writer.entries(np.full(len(where), index, dtype=np.int64), where, exact)

    pairs = np.flatnonzero(concerned(model, row, selection.pair_type))
    values = pair_coefficients(model, row, selection.pair_type[pairs], selection.pair_group[pairs])
    add(columns.x[pairs], values)
    chosen = np.flatnonzero(concerned(model, row, selection.types))
    # A column that stands for several types of one stream never occurs, so entries of one row do not repeat
    # but for the use column, which carries opening cost and the only type's fixed cost.
    merged = _merged(columns.z[chosen], type_coefficients(model, row, selection.types[chosen]))
    if row.kind == "cost":
        _add_opening(model, columns, row, merged)
    add(np.asarray(list(merged), dtype=np.int64), list(merged.values()))
    for column, position in columns.cold_examples().items():
        batch, group = int(selection.pair_type[position]), int(selection.pair_group[position])
        if concerned(model, row, np.asarray([batch]))[0]:
            add(np.asarray([column]), [cold_coefficient(model, row, batch, group)])
    return index


def _merged(columns: Ints, values: IntArray) -> dict[int, int]:
    merged: dict[int, int] = {}
    for column, value in zip(columns.tolist(), values.tolist(), strict=True):
        merged[column] = merged.get(column, 0) + value
    return merged


def _add_opening(model: BatchModel, columns: Columns, row: LimitRow, merged: dict[int, int]) -> None:
    # The cost that is limited is the instance's own, whatever is minimised.
    cost = model.measures["cost"]
    for (shape, stream), column in columns.use.items():
        if row.stream in (None, stream):
            merged[column] = merged.get(column, 0) + cost.open_stream[shape]
    if row.stream is not None:
        return
    for shape, column in columns.opened.items():
        merged[column] = merged.get(column, 0) + cost.open_once[shape]
    count = columns.count.tolist()
    convex = len(count) == min(model.most_shapes, len(columns.opened))
    ticks = cost.count
    for number, column in enumerate(count):
        added = ticks[number + 1] - ticks[number] if convex else ticks[number]
        merged[column] = merged.get(column, 0) + added
