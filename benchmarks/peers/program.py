"""An integer program as arrays, and how a solution of it becomes a plan."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from instances.batch_model import BatchModel
from instances.exact import IntArray, magnitude, narrowed
from instances.plan import Plan
from milp.formulation import build, full_selection
from milp.translate import plan_of

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Program:
    """``min objective · v + constant`` over integers ``0 ≤ v ≤ upper`` subject to rows, all data whole.

    Attributes
    ----------
    model
        What it was written from.
    objective, constant
        Shape (columns,), and a number: cost ticks.
    upper
        One upper bound per column.
    entry_row, entry_column, entry_value
        Shape (entries,): the matrix, sorted by row.
    row_lower, row_upper
        One bound per row; None for none.
    plan_of
        From values of all columns to a plan.
    """

    model: BatchModel
    objective: IntArray
    constant: int
    upper: list[int]
    entry_row: Ints
    entry_column: Ints
    entry_value: IntArray
    row_lower: list[int | None]
    row_upper: list[int | None]
    plan_of: Callable[[Ints], Plan]

    @property
    def width(self) -> int:
        """Number of columns."""
        return len(self.upper)

    @property
    def height(self) -> int:
        """Number of rows."""
        return len(self.row_upper)

    def value(self, solution: Ints) -> int:
        """Return the objective of an integer solution, in cost ticks."""
        terms = zip(self.objective.tolist(), solution.tolist(), strict=True)
        return self.constant + sum(int(cost) * int(amount) for cost, amount in terms if amount)


def aggregated(model: BatchModel) -> Program:
    """Return the formulation over groups and all batch types, without any reduction."""
    made = build(model, full_selection(model))
    # Batches of a type never outnumber the requests; a bound spares solvers what they make of having none.
    most = model.instance.requests
    return Program(
        model,
        made.objective,
        made.constant,
        [most if upper is None else upper for upper in made.upper],
        made.entry_row,
        made.entry_column,
        made.entry_value,
        made.row_lower,
        made.row_upper,
        lambda solution: plan_of(made, solution),
    )


class ProgramWriter:
    """Builds a `Program` block by block; indices keep the shape of the block."""

    def __init__(self) -> None:
        self._cost: list[IntArray] = []
        self._upper: list[Ints] = []
        self._bounds: list[tuple[int, int | None, int | None]] = []
        self._entries: list[tuple[Ints, Ints, IntArray]] = []
        self._width = self._height = 0

    def columns(self, shape: tuple[int, ...], cost: Any = 0, upper: Any = 1) -> Ints:
        """Add a column per element of a block, with costs and upper bounds that are spread over it."""
        cost, upper = np.asarray(cost), np.asarray(upper)
        self._cost.append(np.broadcast_to(cost, shape).ravel())
        self._upper.append(np.broadcast_to(upper, shape).ravel())
        first, self._width = self._width, self._width + int(np.prod(shape))
        return np.arange(first, self._width, dtype=np.int64).reshape(shape)

    def rows(self, shape: tuple[int, ...], lower: int | None, upper: int | None) -> Ints:
        """Add a row per element of a block, all with the same bounds."""
        number = int(np.prod(shape))
        self._bounds.append((number, lower, upper))
        first, self._height = self._height, self._height + number
        return np.arange(first, self._height, dtype=np.int64).reshape(shape)

    def entries(self, rows: Any, columns: Ints, values: Any) -> None:
        """Add matrix entries; the three are spread over one another."""
        row, column, value = np.broadcast_arrays(rows, columns, np.asarray(values))
        self._entries.append((row.ravel(), column.ravel(), value.ravel()))

    def finish(self, model: BatchModel, plan_of: Callable[[Ints], Plan]) -> Program:
        """Return the program; entries of one place are added up."""
        row, column, value = (_joined([entry[k] for entry in self._entries]) for k in range(3))
        key = row * self._width + column
        order = np.argsort(key, kind="stable")
        starts = np.flatnonzero(np.concatenate([[True], np.diff(key[order]) != 0]))
        value = np.add.reduceat(value[order], starts)
        kept = np.flatnonzero(value != 0)
        place = order[starts][kept]
        lower: list[int | None] = []
        upper: list[int | None] = []
        for number, low, high in self._bounds:
            lower += [low] * number
            upper += [high] * number
        return Program(
            model,
            narrowed(_joined(self._cost)),
            int(model.instance.cost.base * model.instance.cost_scale),
            np.concatenate(self._upper).tolist(),
            row[place],
            column[place],
            narrowed(value[kept]),
            lower,
            upper,
            plan_of,
        )


def _joined(parts: list[IntArray]) -> IntArray:
    # numpy joins int64 and Python integers as Python integers; floats have no business here.
    joined = np.concatenate(parts)
    assert joined.dtype in (np.int64, object)
    return joined


def too_large(program: Program) -> str | None:
    """Say why numbers of a program do not survive as binary floats; None if they do."""
    most = max(magnitude(program.objective), magnitude(program.entry_value), *map(_size, program.row_upper))
    return f"numbers up to {most:.1e} are rounded" if most > 2**53 else None


def _size(bound: int | None) -> int:
    return abs(bound or 0)
