"""Which device runs each batch, where completion times are limited on several devices.

The rows of device time taken together are a relaxation for several devices. Splitting z_b by device makes
the formulation exact: whatever order the devices work in, starting the batches in the order of their start
times, each on the device that is free first, starts none of them later.
"""

from __future__ import annotations

from instances.batch_model import BatchModel
from instances.limit_rows import deadlines
from milp.formulation.arrays import Columns
from milp.formulation.limits import cold_coefficient
from milp.formulation.selection import Selection
from milp.formulation.writer import Writer


def add_devices(
    model: BatchModel,
    selection: Selection,
    columns: Columns,
    writer: Writer,
) -> dict[tuple[int, int], int]:
    """Write the number of batches of each type on each device; return (type, device) to column."""
    limits, workers = deadlines(model.instance), model.instance.workers
    if workers == 1 or not limits:
        return {}
    types = model.types
    on_device: dict[tuple[int, int], int] = {}
    time: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for place, index in enumerate(selection.types.tolist()):
        stage = int(types.stage[index])
        if stage == len(limits):
            continue
        parts = [writer.column(0, None) for _ in range(workers)]
        writer.row("device", [*parts, int(columns.z[place])], [1] * workers + [-1], 0, 0)
        for device, column in enumerate(parts):
            on_device[index, device] = column
            for later in range(stage, len(limits)):
                time.setdefault((device, later), []).append((column, int(types.duration[index])))
    rows = {row.stage: row for row in model.rows if row.kind == "work"}
    for column, position in columns.cold_examples().items():
        index, group = int(selection.pair_type[position]), int(selection.pair_group[position])
        stage = int(types.stage[index])
        if stage == len(limits):
            continue
        parts = [writer.column(0, 1) for _ in range(workers)]
        writer.row("device", [*parts, column], [1] * workers + [-1], 0, 0)
        longer = cold_coefficient(model, rows[stage], index, group)
        for device, part in enumerate(parts):
            writer.row("device", [part, on_device[index, device]], [1, -1], None, 0)
            for later in range(stage, len(limits)):
                time[device, later].append((part, longer))
    for (_, stage), terms in time.items():
        writer.row("device", [c for c, _ in terms], [t for _, t in terms], None, limits[stage])
    return on_device
