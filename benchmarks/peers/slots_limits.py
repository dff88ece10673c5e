"""Limit rows of the program that is written request by request, cold starts included.

    o_ij   request i runs in slot j and is on time     w_ij   the cold start falls on request i, in slot j
    c_jb   slot j, of type b, is the first of its shape and stream

With h_i the request's own part of its latency, r_jh ≤ Σ_{b: h + unit_b ≤ θ} t_jb says that requests of part h
are on time in slot j: o_ij ≤ x_ij and o_ij ≤ r_jh. There is no big M in it, which times in ticks would make
so big that solvers' tolerances let it through.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks.peers.program import Ints, ProgramWriter
from benchmarks.peers.slots import Slots
from instances.batch_model import BatchModel
from instances.exact import IntArray
from instances.limit_rows import LimitRow

Cold = tuple[Ints, Ints]
"""Columns c, shape (slots, types), and w, shape (slots, requests)."""


def add_limits(
    model: BatchModel, streams: list[Slots], shared: list[tuple[Ints, Sequence[int]]], writer: ProgramWriter
) -> None:
    """Write one row per limit; `shared` holds columns that no stream owns, with their costs."""
    timed = any(row.kind in ("latency", "total_time") for row in model.rows)
    strikes = timed and bool(model.instance.time.cold_start)
    cold = [_cold_starts(made, writer) for made in streams] if strikes else []
    for row in model.rows:
        bound = row.bound
        if row.kind == "cost" and row.stream is None:
            bound -= int(model.instance.cost.base * model.instance.cost_scale)
        index = writer.rows((), None, bound)
        if row.kind == "cost" and row.stream is None:
            for columns, costs in shared:
                writer.entries(index, columns, np.asarray(costs, dtype=object))
        for stream, made in enumerate(streams):
            if row.stream in (None, stream):
                _add(model, row, index, made, cold[stream] if cold else None, writer)


def _cold_starts(made: Slots, writer: ProgramWriter) -> Cold:
    first, struck = writer.columns(made.t.shape), writer.columns(made.x.shape)
    for part, whole in ((first, made.t), (struck, made.x)):
        within = writer.rows(part.shape, None, 0)
        writer.entries(within, part, 1)
        writer.entries(within, whole, -1)
    once = writer.rows((len(made.use),), 0, 0)
    writer.entries(once[made.shape_of], first, 1)
    writer.entries(once, made.use, -1)
    one = writer.rows((len(made.t), 1), 0, 0)
    writer.entries(one, struck, 1)
    writer.entries(one, first, -1)
    return first, struck


def _add(
    model: BatchModel, row: LimitRow, index: Any, made: Slots, cold: Cold | None, writer: ProgramWriter
) -> None:
    types, group, mine = model.types, made.group, made.types
    if row.kind == "cost":
        writer.entries(index, made.x, types.own_cost[group])
        writer.entries(index, made.m, types.unit_cost[mine])
        writer.entries(index, made.t, types.fixed_cost[mine])
        opening = np.asarray(types.open_stream, dtype=object)[np.unique(types.shape[mine])]
        writer.entries(index, made.use, opening)
    elif row.kind == "tokens":
        writer.entries(index, made.x, types.own_tokens[group])
        writer.entries(index, made.m, types.unit_tokens[mine])
        writer.entries(index, made.t, types.fixed_tokens[mine])
    elif row.kind == "total_time":
        writer.entries(index, made.t, types.duration[mine])
        if cold is not None:
            _add_growth(model, index, made, cold, writer)
    else:
        on_time = _on_time(model, row.threshold, made, cold, writer)
        writer.entries(index, on_time, -1)


def _add_growth(model: BatchModel, index: Any, made: Slots, cold: Cold, writer: ProgramWriter) -> None:
    """Let each first slot last as much longer as its cold start makes it."""
    types, (first, struck) = model.types, cold
    ticks = int(model.instance.time.cold_start * model.instance.time_scale)
    longer = writer.columns((len(made.t), 1), 0, ticks)
    says = writer.rows((len(made.t), 1), None, 0)
    writer.entries(says, first, types.unit_latency[made.types] + ticks - types.duration[made.types])
    writer.entries(says, struck, types.own_latency[made.group])
    writer.entries(says, longer, -1)
    writer.entries(index, longer, 1)


def _on_time(
    model: BatchModel, threshold: int, made: Slots, cold: Cold | None, writer: ProgramWriter
) -> Ints:
    """Write which requests are on time; return the columns, shape (slots, requests)."""
    on_time = writer.columns(made.x.shape)
    runs = writer.rows(made.x.shape, None, 0)
    writer.entries(runs, on_time, 1)
    writer.entries(runs, made.x, -1)
    own, part = np.unique(model.types.own_latency[made.group], return_inverse=True)
    early = writer.rows(made.x.shape, None, 0)
    writer.entries(early, on_time, 1)
    writer.entries(early, _fast_slots(model, own, threshold, made, writer)[:, part], -1)
    if cold is not None:
        ticks = int(model.instance.time.cold_start * model.instance.time_scale)
        early = writer.rows(made.x.shape, None, 1)
        writer.entries(early, on_time, 1)
        writer.entries(early, cold[1], 1)
        writer.entries(early, _fast_slots(model, own, threshold - ticks, made, writer)[:, part], -1)
    return on_time


def _fast_slots(model: BatchModel, own: IntArray, threshold: int, made: Slots, writer: ProgramWriter) -> Ints:
    """Return columns, shape (slots, own parts): whether a request of that part is on time in the slot."""
    fast = writer.columns((len(made.t), len(own)))
    says = writer.rows(fast.shape, None, 0)
    writer.entries(says, fast, 1)
    within = own[:, None] + model.types.unit_latency[made.types][None, :] <= threshold
    which, batch = np.nonzero(within.astype(bool))
    writer.entries(says[:, which], made.t[:, batch], -1)
    return fast
