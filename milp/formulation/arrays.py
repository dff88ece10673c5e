"""The arrays that every engine reads."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from instances.batch_model import BatchModel
from instances.exact import IntArray
from milp.formulation.selection import Selection

Ints = npt.NDArray[np.int64]

UNBOUNDED = None


@dataclass(frozen=True, eq=False)
class Columns:
    """Where each kind of variable stands; every variable is an integer of at least 0.

    Attributes
    ----------
    x
        Shape (pairs,): requests of the pair's group that run in batches of its type.
    z
        Shape (selected types,): batches of each type. A type that is the only one of its shape and stream and
        has no capacity shares the column of `use`.
    use
        (shape, stream) to the column that says whether the stream uses the shape.
    opened
        Shape to the column that says whether it is opened; with one stream the column of `use`.
    count
        Columns of the shape count: increments 1, 2, … if its cost is convex, else one per number 0, 1, ….
    cold
        Pair position to the column that says whether the cold start of its shape and stream falls on it, or
        on another pair of which the limits make the same.
    device
        (type, device) to the column of its batches on that device, where that matters.
    """

    x: Ints
    z: Ints
    use: dict[tuple[int, int], int]
    opened: dict[int, int]
    count: Ints
    cold: dict[int, int] = field(default_factory=dict)
    device: dict[tuple[int, int], int] = field(default_factory=dict)

    def cold_examples(self) -> dict[int, int]:
        """Return one pair position of each column of `cold`."""
        return {column: position for position, column in self.cold.items()}


@dataclass(frozen=True, eq=False)
class Formulation:
    """``min objective · v + constant`` subject to rows and bounds, all data whole numbers.

    Attributes
    ----------
    model, selection
        What it was built from.
    columns
        Where the variables stand.
    objective
        Shape (columns,): cost ticks.
    constant
        Base cost in cost ticks.
    upper
        One upper bound per column; None for none.
    entry_row, entry_column, entry_value
        Shape (entries,): the matrix, sorted by row.
    row_lower, row_upper
        One bound per row; None for none.
    row_kind
        One of ``assign``, ``link``, ``capacity``, ``batches``, ``shape``, ``opened``, ``count`` and ``limit``
        per row.
    row_key
        What tells a row from others of its kind, in every formulation of the same batch model.
    assign_row, limit_row
        Row of each group, and of each limit.
    link_row
        (group, shape) to the row of the strong link.
    """

    model: BatchModel
    selection: Selection
    columns: Columns
    objective: IntArray
    constant: int
    upper: list[int | None]
    entry_row: Ints
    entry_column: Ints
    entry_value: IntArray
    row_lower: list[int | None]
    row_upper: list[int | None]
    row_kind: list[str]
    row_key: list[int]
    assign_row: Ints
    limit_row: list[int]
    link_row: dict[tuple[int, int], int]

    @property
    def width(self) -> int:
        """Number of columns."""
        return len(self.upper)

    @property
    def height(self) -> int:
        """Number of rows."""
        return len(self.row_kind)

    def column_names(self) -> list[str]:
        """Return a distinct name per column, fit for MPS and LP files."""
        names = [""] * self.width
        types, shapes = self.model.types, self.model.types.shapes

        def shape(index: int) -> str:
            return "_".join(str(size) for size in shapes[index] if size)

        def batch_type(index: int) -> str:
            bounds = f"{types.prompt[index]}_{types.gen[index]}_{types.stage[index]}"
            return f"{types.stream[index]}_{shape(int(types.shape[index]))}_in_{bounds}"

        for position, column in enumerate(self.columns.count.tolist()):
            names[column] = f"count_{position}"
        for index, column in self.columns.opened.items():
            names[column] = f"y_{shape(index)}"
        for (index, stream), column in self.columns.use.items():
            names[column] = f"use_{stream}_{shape(index)}"
        for index, column in zip(self.selection.types.tolist(), self.columns.z.tolist(), strict=True):
            names[column] = names[column] or f"z_{batch_type(index)}"
        pairs = zip(self.selection.pair_type.tolist(), self.selection.pair_group.tolist(), strict=True)
        for (index, group), column in zip(pairs, self.columns.x.tolist(), strict=True):
            names[column] = f"x_{group}_{batch_type(index)}"
        for position, column in self.columns.cold.items():
            names[column] = f"cold_{self.columns.x[position]}"
        for (index, device), column in self.columns.device.items():
            names[column] = f"device_{device}_{batch_type(index)}"
        return [name or f"part_{column}" for column, name in enumerate(names)]

    def value(self, solution: npt.NDArray[Any]) -> int:
        """Return the objective of an integer solution, in cost ticks."""
        products = zip(self.objective.tolist(), solution.tolist(), strict=True)
        return self.constant + sum(int(cost) * int(value) for cost, value in products if value)
