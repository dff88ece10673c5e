"""Collecting columns, rows and entries of a formulation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from instances.batch_model import BatchModel
from instances.exact import IntArray, narrowed
from milp.formulation.arrays import Columns, Formulation
from milp.formulation.selection import Selection

if TYPE_CHECKING:
    Ints = npt.NDArray[np.int64]


class Writer:
    """Builds the arrays of a `Formulation` piece by piece."""

    def __init__(self) -> None:
        self._objective: list[int] = []
        self._upper: list[int | None] = []
        self._lower_rows: list[int | None] = []
        self._upper_rows: list[int | None] = []
        self._kinds: list[str] = []
        self._keys: list[int] = []
        none = np.zeros(0, dtype=np.int64)
        self._entries: list[tuple[Ints, Ints, IntArray]] = [(none, none, none)]

    def column(self, cost: int, upper: int | None) -> int:
        """Add one column and return its index."""
        self._objective.append(int(cost))
        self._upper.append(upper)
        return len(self._objective) - 1

    def columns(self, cost: IntArray, upper: IntArray) -> Ints:
        """Add a column per cost and return their indices."""
        first = len(self._objective)
        self._objective.extend(cost.tolist())
        self._upper.extend(upper.tolist())
        return np.arange(first, len(self._objective), dtype=np.int64)

    def add_cost(self, column: int, cost: int) -> None:
        """Raise the objective of a column."""
        self._objective[column] += cost

    def row(
        self,
        kind: str,
        columns: Sequence[int],
        values: Sequence[int],
        lower: int | None,
        upper: int | None,
        key: int = -1,
    ) -> int:
        """Add one row and return its index; a key tells rows of a kind apart in every formulation."""
        index = len(self._kinds)
        self._kinds.append(kind)
        self._keys.append(index if key < 0 else key)
        self._lower_rows.append(lower)
        self._upper_rows.append(upper)
        if len(columns):
            where = np.full(len(columns), index, dtype=np.int64)
            exact = narrowed(np.asarray(values, dtype=object))
            self.entries(where, np.asarray(columns, dtype=np.int64), exact)
        return index

    def rows(self, kind: str, keys: Ints, lower: IntArray | None, upper: IntArray) -> Ints:
        """Add a row per upper bound and return their indices; keys tell rows of a kind apart."""
        first = len(self._kinds)
        number = len(upper)
        self._kinds.extend([kind] * number)
        self._keys.extend(keys.tolist())
        self._lower_rows.extend([None] * number if lower is None else lower.tolist())
        self._upper_rows.extend(upper.tolist())
        return np.arange(first, first + number, dtype=np.int64)

    def entries(self, rows: Ints, columns: Ints, values: IntArray) -> None:
        """Add matrix entries."""
        if len(rows):
            self._entries.append((rows, columns, values))

    def finish(
        self,
        model: BatchModel,
        selection: Selection,
        columns: Columns,
        constant: int,
        assign: Ints,
        limit_row: list[int],
        link_row: dict[tuple[int, int], int],
    ) -> Formulation:
        """Return the formulation."""
        row = np.concatenate([part[0] for part in self._entries])
        column = np.concatenate([part[1] for part in self._entries])
        value = np.concatenate([part[2] for part in self._entries])
        kept = (value != 0).astype(bool)
        row, column, value = row[kept], column[kept], value[kept]
        order = np.lexsort((column, row))
        objective = narrowed(np.asarray(self._objective, dtype=object))
        return Formulation(
            model,
            selection,
            columns,
            objective,
            constant,
            self._upper,
            row[order],
            column[order],
            narrowed(value[order]),
            self._lower_rows,
            self._upper_rows,
            self._kinds,
            self._keys,
            assign,
            limit_row,
            link_row,
        )
