"""Writing the formulation: variables, strong links, capacities, shape count, limits.

    min  Σ v_ib x_ib + Σ f_b z_b + Σ o_s y_s + Σ Δcount_k u_k
    Σ_b x_ib = n_i                                     every request once
    x_ib ≤ n_i z_b,  Σ_{b of s} x_ib ≤ n_i y_s         strong links
    Σ_i x_ib ≤ c_b z_b                                 capacity
    Σ_k u_k = Σ_s y_s,  u_k ≥ u_{k+1}                  shape count, exact at integers
    and the limit rows.

Two batches of a type without capacity cost no less than one, so z_b ≤ 1 there.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from instances.batch_model import BatchModel
from instances.exact import IntArray
from milp.formulation.arrays import Columns, Formulation
from milp.formulation.cold import add_cold_starts
from milp.formulation.devices import add_devices
from milp.formulation.limits import add_limits
from milp.formulation.selection import Selection
from milp.formulation.writer import Writer

Ints = npt.NDArray[np.int64]


def build(model: BatchModel, selection: Selection, *, cold_starts: bool = True) -> Formulation:
    """Build the formulation over the selected pairs.

    Parameters
    ----------
    model, selection
        Batch model, and the pairs to offer.
    cold_starts
        Whether to model on which request each cold start falls, and which device runs each batch. Without,
        the formulation is a relaxation where times are limited.
    """
    writer = Writer()
    columns = _columns(model, selection, writer)
    assign = _assignment(model, selection, columns, writer)
    links = _links(model, selection, columns, writer)
    _capacities(model, selection, columns, writer)
    _shape_count(model, columns, writer)
    if cold_starts:
        cold = add_cold_starts(model, selection, columns, writer)
        columns = replace(columns, cold=cold)
        columns = replace(columns, device=add_devices(model, selection, columns, writer))
    limit_row = add_limits(model, selection, columns, writer)
    return writer.finish(model, selection, columns, model.base_ticks, assign, limit_row, links)


def _columns(model: BatchModel, selection: Selection, writer: Writer) -> Columns:
    types, chosen = model.types, selection.types
    pairs = sorted(set(zip(types.shape[chosen].tolist(), types.stream[chosen].tolist(), strict=True)))
    opened: dict[int, int] = {}
    use: dict[tuple[int, int], int] = {}
    if len(model.instance.streams) == 1:
        for shape, stream in pairs:
            column = writer.column(types.open_once[shape] + types.open_stream[shape], 1)
            opened[shape] = use[shape, stream] = column
    else:
        for shape in sorted({shape for shape, _ in pairs}):
            opened[shape] = writer.column(types.open_once[shape], 1)
        for shape, stream in pairs:
            use[shape, stream] = writer.column(types.open_stream[shape], 1)
            writer.row(
                "opened",
                [use[shape, stream], opened[shape]],
                [1, -1],
                None,
                0,
                len(types.shapes) * stream + shape,
            )
    z = _batch_columns(model, chosen, use, writer)
    cost = _pair_costs(model, selection)
    most = model.groups.count[selection.pair_group]
    x = writer.columns(cost, most)
    count = _count_columns(model, opened, writer)
    return Columns(x, z, use, opened, count)


def unlimited(model: BatchModel, types: Ints) -> npt.NDArray[np.bool_]:
    """Tell which types can hold their whole stream in one batch."""
    requests = np.asarray([stream.demand.requests for stream in model.instance.streams])
    whole: npt.NDArray[np.bool_] = model.types.capacity[types] >= requests[model.types.stream[types]]
    return whole


def _batch_columns(model: BatchModel, chosen: Ints, use: dict[tuple[int, int], int], writer: Writer) -> Ints:
    types, streams = model.types, len(model.instance.streams)
    of_pair = types.shape * streams + types.stream
    alone = np.bincount(of_pair, minlength=len(types.shapes) * streams)[of_pair[chosen]] == 1
    whole = unlimited(model, chosen)
    z = np.empty(len(chosen), dtype=np.int64)
    shared = alone & whole
    requests = [stream.demand.requests for stream in model.instance.streams]
    for position, index in enumerate(chosen.tolist()):
        fixed = int(types.fixed_cost[index])
        if shared[position]:
            column = use[int(types.shape[index]), int(types.stream[index])]
            writer.add_cost(column, fixed)
        else:
            # Every batch holds a request; without a bound an infeasible program is searched without end.
            most = 1 if whole[position] else requests[int(types.stream[index])]
            column = writer.column(fixed, most)
        z[position] = column
    return z


def _pair_costs(model: BatchModel, selection: Selection) -> IntArray:
    # own + unit, each proven below 2**60 where they are int64.
    costs: IntArray = model.types.own_cost[selection.pair_group] + model.types.unit_cost[selection.pair_type]
    return costs


def _count_columns(model: BatchModel, opened: dict[int, int], writer: Writer) -> Ints:
    most = min(model.most_shapes, len(opened))
    costs = [model.count_ticks(number) for number in range(most + 1)]
    limited = costs
    if model.types.limited is not None:
        limited = [model.limited_count_ticks(number) for number in range(most + 1)]
    if costs[-1] == limited[-1] == 0:
        return np.zeros(0, dtype=np.int64)
    steps = np.diff(np.asarray(costs, dtype=object))
    if costs[0] == limited[0] == 0 and _convex(costs) and _convex(limited):
        return np.asarray([writer.column(int(step), 1) for step in steps], dtype=np.int64)
    return np.asarray([writer.column(cost, 1) for cost in costs], dtype=np.int64)


def _convex(costs: list[int]) -> bool:
    steps = [b - a for a, b in pairwise(costs)]
    return all(a <= b for a, b in pairwise(steps))


def _assignment(model: BatchModel, selection: Selection, columns: Columns, writer: Writer) -> Ints:
    rows = writer.rows("assign", np.arange(len(model.groups)), model.groups.count, model.groups.count)
    writer.entries(rows[selection.pair_group], columns.x, np.ones(len(selection), dtype=np.int64))
    return rows


def _links(
    model: BatchModel, selection: Selection, columns: Columns, writer: Writer
) -> dict[tuple[int, int], int]:
    """Write x_ib ≤ n_i z_b for every pair, and Σ_{b of s} x_ib ≤ n_i y_s where it says more."""
    types = model.types
    position = np.searchsorted(selection.types, selection.pair_type)
    count = model.groups.count[selection.pair_group]
    rows = writer.rows(
        "link", selection.keys(len(model.groups)), None, np.zeros(len(selection), dtype=np.int64)
    )
    writer.entries(rows, columns.x, np.ones(len(selection), dtype=np.int64))
    writer.entries(rows, columns.z[position], -count)
    whole = unlimited(model, selection.types)
    for index, column, one in zip(selection.types.tolist(), columns.z.tolist(), whole.tolist(), strict=True):
        use = columns.use[int(types.shape[index]), int(types.stream[index])]
        if one and column != use:
            writer.row("batches", [column, use], [1, -1], None, 0, index)
    shape = types.shape[selection.pair_type]
    key = shape * len(model.groups) + selection.pair_group
    values, inverse, times = np.unique(key, return_inverse=True, return_counts=True)
    capacitated = np.zeros(len(values), dtype=bool)
    np.logical_or.at(capacitated, inverse, ~whole[position])
    needed = (times > 1) | capacitated
    link_rows = np.full(len(values), -1, dtype=np.int64)
    link_rows[needed] = writer.rows(
        "shape", values[needed], None, np.zeros(int(needed.sum()), dtype=np.int64)
    )
    of_pair = link_rows[inverse]
    kept = of_pair >= 0
    writer.entries(of_pair[kept], columns.x[kept], np.ones(int(kept.sum()), dtype=np.int64))
    groups, shapes = values[needed] % len(model.groups), values[needed] // len(model.groups)
    use_columns = [
        columns.use[s, int(k)] for s, k in zip(shapes.tolist(), model.groups.stream[groups], strict=True)
    ]
    writer.entries(link_rows[needed], np.asarray(use_columns, dtype=np.int64), -model.groups.count[groups])
    triples = zip(groups.tolist(), shapes.tolist(), link_rows[needed].tolist(), strict=True)
    return {(group, shape): row for group, shape, row in triples}


def _capacities(model: BatchModel, selection: Selection, columns: Columns, writer: Writer) -> None:
    chosen = selection.types
    tight = np.flatnonzero(~unlimited(model, chosen))
    rows = np.full(len(chosen), -1, dtype=np.int64)
    rows[tight] = writer.rows("capacity", chosen[tight], None, np.zeros(len(tight), dtype=np.int64))
    of_pair = rows[np.searchsorted(chosen, selection.pair_type)]
    kept = of_pair >= 0
    writer.entries(of_pair[kept], columns.x[kept], np.ones(int(kept.sum()), dtype=np.int64))
    writer.entries(rows[tight], columns.z[tight], -model.types.capacity[chosen[tight]])


def _shape_count(model: BatchModel, columns: Columns, writer: Writer) -> None:
    opened = list(columns.opened.values())
    count = columns.count.tolist()
    if not count:
        if model.most_shapes < len(opened):
            writer.row("count", opened, [1] * len(opened), None, model.most_shapes)
        return
    most = min(model.most_shapes, len(opened))
    if len(count) == most:
        writer.row("count", opened + count, [1] * len(opened) + [-1] * most, 0, 0)
        for earlier, later in pairwise(count):
            writer.row("count", [later, earlier], [1, -1], None, 0)
    else:
        writer.row("count", opened + count, [1] * len(opened) + [-k for k in range(most + 1)], 0, 0)
        writer.row("count", count, [1] * (most + 1), 1, 1)
