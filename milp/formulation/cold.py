"""Cold starts: on which request of each (shape, stream) the one cold start falls.

The order of batch ids and of requests within a batch is the plan's to choose, so the cold start may fall on
any request that runs in the shape: ``Σ w_ib = use``, ``w_ib ≤ x_ib``, and w_ib carries what it does to the
limits.
"""

from __future__ import annotations

from instances.batch_model import BatchModel
from milp.formulation.arrays import Columns
from milp.formulation.limits import cold_coefficient
from milp.formulation.selection import Selection
from milp.formulation.writer import Writer

PER_EFFECT = 40
"""Pairs offered per (shape, stream), stage and effect on the limits.

With more pairs of one effect than that, a solution in which the cold start falls on one of the others is not
written; bounds do not rest on these variables.
"""

TIMED = ("latency", "total_time", "work")


def add_cold_starts(
    model: BatchModel, selection: Selection, columns: Columns, writer: Writer
) -> dict[int, int]:
    """Write the cold-start variables where cold starts can matter; return pair position to column."""
    rows = [row for row in model.rows if row.kind in TIMED]
    if not rows or not model.instance.time.cold_start:
        return {}
    cold: dict[int, int] = {}
    offered: dict[tuple[int, int], list[int]] = {pair: [] for pair in columns.use}
    taken: dict[tuple[int, int, tuple[int, ...]], int] = {}
    for position in range(len(selection)):
        index, group = int(selection.pair_type[position]), int(selection.pair_group[position])
        pair = (int(model.types.shape[index]), int(model.types.stream[index]))
        effect = tuple(cold_coefficient(model, row, index, group) for row in rows)
        stage = (int(model.types.stage[index]),)
        key = (*pair, effect + stage)
        taken[key] = taken.get(key, 0) + 1
        if taken[key] > PER_EFFECT:
            continue
        column = writer.column(0, 1)
        cold[position] = column
        writer.row("cold", [column, int(columns.x[position])], [1, -1], None, 0)
        offered[pair].append(column)
    for pair, choices in offered.items():
        writer.row("cold", [*choices, columns.use[pair]], [1] * len(choices) + [-1], 0, 0)
    return cold
