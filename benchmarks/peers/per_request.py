"""The program that people write first: which batch slot each request goes to, and what each slot runs as.

    x_ij   request i runs in slot j            t_jb   slot j runs as batch type b (its shape and bounds)
    m_jb   requests in slot j if it is of type b, else 0

    min  Σ own_i x_ij + Σ unit_b m_jb + Σ fixed_b t_jb + compile cost + count cost
    Σ_j x_ij = 1,  Σ_b t_jb ≤ 1,  Σ_b m_jb = Σ_i x_ij,  m_jb ≤ c_b t_jb
    s_i x_ij ≤ P_j = Σ_b P_b t_jb,  g_i x_ij ≤ G_j = Σ_b G_b t_jb
    Σ_{b of s} t_jb ≤ use_s ≤ y_s,  and the limits

There are as many slots as there may be batches: one per request, or one per batch type if a batch holds any
number of requests (then two batches of one type are never better than one). Slots are used in order, which
is all the symmetry that a first attempt breaks.
"""

from __future__ import annotations

import numpy as np

from benchmarks.peers.program import Ints, Program, ProgramWriter
from benchmarks.peers.slots import Slots
from benchmarks.peers.slots_limits import add_limits
from heuristics import BatchChoice, assemble
from instances.batch_model import BatchModel
from instances.plan import Plan
from milp.engines.base import Unsuited


def per_request(model: BatchModel) -> Program:
    """Write an instance request by request.

    Raises
    ------
    Unsuited
        If latency limits mean completion times, for which slots would need an order.
    """
    if any(row.kind in ("work", "served") for row in model.rows):
        raise Unsuited("completion times are not written request by request")
    writer = ProgramWriter()
    opened = writer.columns((len(model.types.shapes),), np.asarray(model.types.open_once, dtype=object))
    number, costs = _count_shapes(model, opened, writer)
    streams = [_stream(model, k, opened, writer) for k in range(len(model.instance.streams))]
    add_limits(model, streams, [(opened, model.types.open_once), (number, costs)], writer)
    return writer.finish(model, lambda solution: _plan(model, streams, solution))


def _stream(model: BatchModel, stream: int, opened: Ints, writer: ProgramWriter) -> Slots:
    types, groups = model.types, model.groups
    mine = np.flatnonzero(types.stream == stream)
    of_stream = np.arange(len(groups))[groups.of_stream(stream)]
    group = np.repeat(of_stream, groups.count[of_stream])
    n, capacity = len(group), types.capacity[mine]
    slots = min(n, len(mine)) if (capacity >= n).all() else n
    shapes, shape_of = np.unique(types.shape[mine], return_inverse=True)
    opening = np.asarray(types.open_stream, dtype=object)[shapes]
    made = Slots(
        group,
        mine,
        writer.columns((slots, n), types.own_cost[group]),
        writer.columns((slots, len(mine)), types.fixed_cost[mine]),
        writer.columns((slots, len(mine)), types.unit_cost[mine], np.minimum(capacity, n)),
        shape_of,
        writer.columns((len(shapes),), opening),
    )
    rows = writer.rows((len(shapes),), None, 0)
    writer.entries(rows, made.use, 1)
    writer.entries(rows, opened[shapes], -1)
    _fill(model, made, capacity, writer)
    return made


def _fill(model: BatchModel, made: Slots, capacity: Ints, writer: ProgramWriter) -> None:
    types, groups = model.types, model.groups
    slots, n = made.x.shape
    writer.entries(writer.rows((n,), 1, 1), made.x, 1)
    writer.entries(writer.rows((slots, 1), None, 1), made.t, 1)
    load = writer.rows((slots, 1), 0, 0)
    writer.entries(load, made.m, 1)
    writer.entries(load, made.x, -1)
    size = writer.rows(made.m.shape, None, 0)
    writer.entries(size, made.m, 1)
    writer.entries(size, made.t, -capacity)
    for length, bound in (
        (groups.prompt[made.group], types.prompt[made.types]),
        (groups.gen[made.group], types.gen[made.types]),
    ):
        longest = writer.columns((slots, 1), 0, int(bound.max()))
        says = writer.rows((slots, 1), 0, 0)
        writer.entries(says, longest, 1)
        writer.entries(says, made.t, -bound)
        fits = writer.rows(made.x.shape, None, 0)
        writer.entries(fits, made.x, length)
        writer.entries(fits, longest, -1)
    order = writer.rows((slots - 1, 1), None, 0)
    writer.entries(order, made.t[1:], 1)
    writer.entries(order, made.t[:-1], -1)
    uses = writer.rows((slots, len(made.use)), None, 0)
    writer.entries(uses[:, made.shape_of], made.t, 1)
    writer.entries(uses, made.use, -1)


def _count_shapes(model: BatchModel, opened: Ints, writer: ProgramWriter) -> tuple[Ints, list[int]]:
    """Write the number of shapes one-hot; return the columns and costs of 0, 1, … shapes."""
    costs = [model.count_ticks(number) for number in range(model.most_shapes + 1)]
    number = writer.columns((len(costs),), np.asarray(costs, dtype=object))
    writer.entries(writer.rows((), 1, 1), number, 1)
    says = writer.rows((), 0, 0)
    writer.entries(says, opened, 1)
    writer.entries(says, number, -np.arange(len(costs)))
    return number, costs


def _plan(model: BatchModel, streams: list[Slots], solution: Ints) -> Plan:
    choices: list[BatchChoice] = []
    for stream, made in enumerate(streams):
        for slot, member in enumerate(solution[made.x] > 0):
            if not member.any():
                continue
            batch = int(made.types[int(np.argmax(solution[made.t[slot]]))])
            choices.append(_choice(model, stream, batch, made.group[member]))
    return assemble(model.instance, model.groups, choices)


def _choice(model: BatchModel, stream: int, batch: int, group: Ints) -> BatchChoice:
    groups, amounts = np.unique(group, return_counts=True)
    shape = model.types.shapes[int(model.types.shape[batch])]
    capacity = int(model.types.capacity[batch])
    return BatchChoice(stream, shape, groups, amounts.astype(np.int64), 1, capacity)
