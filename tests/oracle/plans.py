"""Between the oracle's batches and the package's plans."""

from __future__ import annotations

from itertools import groupby

import numpy as np

from instances.instance import Instance
from instances.plan import Plan
from instances.shapes import Shape
from tests.oracle.definition import Batch, Lengths


def from_plan(instance: Instance, plan: Plan) -> list[Batch]:
    """Write a plan out batch by batch and request by request, in plan order."""
    held: list[list[Lengths]] = [[] for _ in range(len(plan))]
    entries = (plan.entry_batch.tolist(), plan.entry_row.tolist(), plan.entry_count.tolist())
    for batch, row, amount in zip(*entries, strict=True):
        demand = instance.streams[int(plan.stream[batch])].demand
        held[batch] += [(int(demand.prompt[row]), int(demand.gen[row]))] * amount
    return [
        Batch(int(plan.stream[i]), _shape(plan, i), tuple(held[i]), int(plan.id_rank[i]))
        for i in range(len(plan))
        for _ in range(int(plan.copies[i]))
    ]


def to_plan(instance: Instance, batches: list[Batch]) -> Plan:
    """Return batches as a plan of the package, one row per batch."""
    rows = [
        {
            lengths: row
            for row, lengths in enumerate(zip(s.demand.prompt.tolist(), s.demand.gen.tolist(), strict=True))
        }
        for s in instance.streams
    ]
    entries = [
        (index, rows[batch.stream][lengths], len(list(run)))
        for index, batch in enumerate(batches)
        for lengths, run in groupby(batch.requests)
    ]
    columns = [(batch.stream, *batch.shape, 1) for batch in batches]
    return Plan(
        *(np.array(column, dtype=np.int64) for column in zip(*columns, strict=True)),
        *(np.array(column, dtype=np.int64) for column in zip(*entries, strict=True)),
        id_rank=np.array([batch.rank for batch in batches], dtype=np.int64),
    )


def _shape(plan: Plan, index: int) -> Shape:
    return Shape(int(plan.prompt[index]), int(plan.gen[index]), int(plan.batch[index]))
