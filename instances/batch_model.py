"""An instance as groups, batch types and limit rows: what formulation and bounds are built from."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from instances.batch_types import BatchTypes, form_batch_types
from instances.cost import CostModel
from instances.cost_columns import CostColumns
from instances.exact import IntArray, magnitude
from instances.groups import Groups, form_groups
from instances.instance import Instance
from instances.limit_rows import LimitRow, limit_rows
from instances.measures import Measure, cost_measure, limited_measures
from instances.objective import objective_model

Index = npt.NDArray[np.int64] | slice

ALL = slice(None)


@dataclass(frozen=True, eq=False)
class BatchModel:
    """All that bounds and formulations know of an instance.

    Parameters
    ----------
    instance
        The problem.
    groups
        Its requests by what plans tell apart.
    types
        The batch types that a best plan needs.
    rows
        Its limits as rows.
    """

    instance: Instance
    groups: Groups
    types: BatchTypes
    rows: tuple[LimitRow, ...]

    @property
    def most_shapes(self) -> int:
        """Most shapes that a plan can open."""
        limit = self.instance.shape_limit
        return len(self.types.shapes) if limit is None else min(limit, len(self.types.shapes))

    @property
    def base_ticks(self) -> int:
        """Constant part of what is minimised, in ticks."""
        return int(self._minimized.base * self.instance.objective_scale)

    @property
    def limited_base_ticks(self) -> int:
        """Constant part of the cost, in cost ticks."""
        return int(self.instance.cost.base * self.instance.cost_scale)

    @property
    def minimizes_cold_starts(self) -> bool:
        """Whether cold starts add to what is minimised."""
        return self.instance.minimize == "total_time" and bool(self.instance.time.cold_start)

    @property
    def delay_ticks(self) -> int:
        """What a cold start adds to the latency of the request that it falls on, in time ticks."""
        return int(self.instance.time.cold_start * self.instance.time_scale)

    def fits(self, types: Index = ALL, groups: Index = ALL) -> npt.NDArray[np.bool_]:
        """Tell which groups fit which types: shape (types, groups)."""
        t, g = self.types, self.groups
        held: npt.NDArray[np.bool_] = g.gen[groups][None, :] <= t.gen[types][:, None]
        held &= g.prompt[groups][None, :] <= t.prompt[types][:, None]
        held &= g.stream[groups][None, :] == t.stream[types][:, None]
        return held

    @property
    def _minimized(self) -> CostModel:
        return objective_model(self.instance.minimize, self.instance.cost)

    @cached_property
    def _count_table(self) -> tuple[int, ...]:
        if self.instance.minimize == "shapes":
            return tuple(range(self.most_shapes + 1))
        return self._counts(self._minimized, self.instance.objective_scale)

    @cached_property
    def _limited_count_table(self) -> tuple[int, ...]:
        return self._counts(self.instance.cost, self.instance.cost_scale)

    def _counts(self, cost: CostModel, scale: int) -> tuple[int, ...]:
        return tuple(cost.count.ticks(number, scale) for number in range(self.most_shapes + 1))

    @cached_property
    def weighed(self) -> tuple[LimitRow, ...]:
        """What multipliers weigh: what is minimised, and then the limits, as rows ``Σ (…) ≤ bound``.

        The sum is over requests, batches and shapes; what every plan has is subtracted from the bound.
        """
        objective = LimitRow("objective", None, -self.base_ticks, "objective")
        return (objective, *(self._without_base(row) for row in self.rows))

    def _without_base(self, row: LimitRow) -> LimitRow:
        if row.kind != "cost" or row.stream is not None:
            return row
        return replace(row, bound=row.bound - self.limited_base_ticks)

    @cached_property
    def measures(self) -> dict[str, Measure]:
        """What is minimised, ``objective``, and what limits speak of, each over groups, types and shapes.

        The cost, in cost ticks, is among them only if it is limited or minimised.
        """
        t = self.types
        columns = CostColumns(t.unit_cost, t.fixed_cost, t.own_cost, t.open_once, t.open_stream)
        found = {"objective": cost_measure(columns, self._count_table, int(self.minimizes_cold_starts))}
        if t.limited is not None or self.instance.minimize == "cost":
            found["cost"] = cost_measure(t.limited or columns, self._limited_count_table)
        return found | limited_measures(t, self.most_shapes)

    @cached_property
    def columns(self) -> dict[str, list[tuple[str, IntArray]]]:
        """Columns of the measures that are not all 0, with the measures' names, by what they are over.

        Keys are ``own``, ``unit``, ``fixed``, ``open_once`` and ``open_stream``; the last two are of dtype
        object.
        """
        found: dict[str, list[tuple[str, IntArray]]] = {}
        for part in (field.name for field in fields(CostColumns)):
            dtype = object if part.startswith("open") else None
            all_columns = {
                name: np.asarray(getattr(x, part), dtype=dtype) for name, x in self.measures.items()
            }
            found[part] = [(name, column) for name, column in all_columns.items() if magnitude(column)]
        return found

    def count_ticks(self, shapes: int) -> int:
        """Return what is minimised of `shapes` opened shapes, at most `most_shapes`, in ticks."""
        return self._count_table[shapes]

    def limited_count_ticks(self, shapes: int) -> int:
        """Return the cost of `shapes` opened shapes, at most `most_shapes`, in cost ticks."""
        return self._limited_count_table[shapes]


def form_batch_model(instance: Instance) -> BatchModel:
    """Build the batch model of an instance."""
    groups = form_groups(instance)
    return BatchModel(instance, groups, form_batch_types(instance, groups), limit_rows(instance))
