"""Cold starts: on which request of each (shape, stream) the one cold start falls.

The order of batch ids and of requests within a batch is the plan's to choose, so the cold start may fall on
any request that runs in the shape. Pairs on which it does the same to all limits share a variable:
``Σ w_e = use``, ``w_e ≤ Σ x_ib`` over the pairs of effect e, and w_e carries the effect.
"""

from __future__ import annotations

from instances.batch_model import BatchModel
from instances.limit_rows import LimitRow, deadlines
from milp.formulation.arrays import Columns
from milp.formulation.limits import cold_coefficient
from milp.formulation.selection import Selection
from milp.formulation.writer import Writer

TIMED = ("latency", "total_time", "work")

MINIMIZED = LimitRow("total_time", None, 0, "minimized")
"""Stands for the total time as what is minimised."""


def add_cold_starts(
    model: BatchModel, selection: Selection, columns: Columns, writer: Writer
) -> dict[int, int]:
    """Write the cold-start variables where cold starts can matter; return pair position to column."""
    rows = [row for row in model.rows if row.kind in TIMED]
    if model.minimizes_cold_starts:
        rows.append(MINIMIZED)
    if not rows or not model.instance.time.cold_start:
        return {}
    # On several devices a batch's own device must have the time.
    apart = model.instance.workers > 1 and bool(deadlines(model.instance))
    classes: dict[tuple[int, ...], list[int]] = {}
    for position in range(len(selection)):
        index, group = int(selection.pair_type[position]), int(selection.pair_group[position])
        effect = tuple(cold_coefficient(model, row, index, group) for row in rows)
        kind = (int(model.types.stage[index]), index if apart else -1)
        key = (int(model.types.shape[index]), int(model.types.stream[index]), *kind, *effect)
        classes.setdefault(key, []).append(position)
    # The keys end with the effects, and the effect on what is minimised is the last one.
    cold: dict[int, int] = {}
    offered: dict[tuple[int, int], list[int]] = {pair: [] for pair in columns.use}
    for key, positions in classes.items():
        column = writer.column(key[-1] if model.minimizes_cold_starts else 0, 1)
        cold.update((position, column) for position in positions)
        requests = columns.x[positions].tolist()
        writer.row("cold", [column, *requests], [1] + [-1] * len(requests), None, 0)
        offered[key[0], key[1]].append(column)
    for pair, choices in offered.items():
        writer.row("cold", [*choices, columns.use[pair]], [1] * len(choices) + [-1], 0, 0)
    return cold
