"""Carrying a simplex basis from one formulation to a larger one of the same batch model."""

from __future__ import annotations

from dataclasses import dataclass

import highspy
import numpy as np
import numpy.typing as npt

from milp.formulation.arrays import Formulation

Ints = npt.NDArray[np.int64]

KIND = 2**52
LOWER = int(highspy.HighsBasisStatus.kLower)
BASIC = int(highspy.HighsBasisStatus.kBasic)
ROW_KINDS = (
    "assign",
    "link",
    "batches",
    "shape",
    "capacity",
    "opened",
    "count",
    "limit",
    "cold",
    "device",
)
STATUS = [highspy.HighsBasisStatus(code) for code in range(5)]


@dataclass(frozen=True, eq=False)
class Basis:
    """Status of columns and rows by what they stand for, not by where they stand.

    Attributes
    ----------
    column_key, row_key
        int64: identities, ascending.
    column_status, row_status
        int64: HiGHS's status codes.
    """

    column_key: Ints
    column_status: Ints
    row_key: Ints
    row_status: Ints

    @classmethod
    def read(cls, solver: highspy.Highs, formulation: Formulation, slacks: int) -> Basis | None:
        """Return the basis that a solver ended with; None if it has none."""
        basis = solver.getBasis()
        if not basis.valid:
            return None
        columns, rows = column_keys(formulation, slacks), row_keys(formulation)
        column_status = np.asarray([int(s) for s in basis.col_status], dtype=np.int64)
        row_status = np.asarray([int(s) for s in basis.row_status], dtype=np.int64)
        by_column, by_row = np.argsort(columns, kind="stable"), np.argsort(rows, kind="stable")
        return cls(columns[by_column], column_status[by_column], rows[by_row], row_status[by_row])

    def start(self, solver: highspy.Highs, formulation: Formulation, slacks: int) -> None:
        """Hand the basis to a solver; new columns start at their lower bound, new rows slack."""
        columns = _looked_up(self.column_key, self.column_status, column_keys(formulation, slacks), LOWER)
        rows = _looked_up(self.row_key, self.row_status, row_keys(formulation), BASIC)
        basis = highspy.HighsBasis()
        basis.col_status = [STATUS[code] for code in columns.tolist()]
        basis.row_status = [STATUS[code] for code in rows.tolist()]
        basis.valid = True
        solver.setBasis(basis)


def _looked_up(keys: Ints, status: Ints, wanted: Ints, otherwise: int) -> Ints:
    place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[place] == wanted, status[place], otherwise)


def column_keys(formulation: Formulation, slacks: int) -> Ints:
    """Return an identity per column, slack columns of the price box behind."""
    columns, selection = formulation.columns, formulation.selection
    keys = 9 * KIND + np.arange(formulation.width, dtype=np.int64)
    keys[columns.count] = 4 * KIND + np.arange(len(columns.count))
    for shape, column in columns.opened.items():
        keys[column] = 3 * KIND + shape
    streams = len(formulation.model.instance.streams)
    for (shape, stream), column in columns.use.items():
        keys[column] = 2 * KIND + shape * streams + stream
    own = keys[columns.z] >= 9 * KIND
    keys[columns.z[own]] = KIND + selection.types[own]
    keys[columns.x] = selection.keys(len(formulation.model.groups))
    return np.concatenate([keys, 5 * KIND + np.arange(slacks)])


def row_keys(formulation: Formulation) -> Ints:
    """Return an identity per row."""
    kind = np.asarray([ROW_KINDS.index(name) for name in formulation.row_kind], dtype=np.int64)
    return kind * KIND + np.asarray(formulation.row_key, dtype=np.int64)
