"""An instance as groups, batch types and limit rows: what formulation and bounds are built from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from instances.batch_types import BatchTypes, form_batch_types
from instances.cost import CostModel
from instances.groups import Groups, form_groups
from instances.instance import Instance
from instances.limit_rows import LimitRow, limit_rows
from instances.objective import objective_model


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
