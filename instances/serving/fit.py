"""The coefficients of model A from measured latencies, by least squares."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt

from instances.errors import InputError
from instances.serving.batch_device import BatchDevice
from instances.serving.clock import milliseconds
from instances.traces.clock import MILLISECONDS
from instances.traces.formats import TableFormat
from instances.traces.layout import Layout

Ints = npt.NDArray[np.int64]

DIGITS = 12
"""Decimals that coefficients are rounded to: far below what is measured, and short enough to be written."""

_TABLE = TableFormat(
    "latency grid, CSV", Layout(prompt="batch", gen="length", arrival="ms", clock=MILLISECONDS)
)


@dataclass(frozen=True)
class Fit:
    """A fitted device.

    Attributes
    ----------
    fixed, per_token, sharing
        α in ms, β in ms per token, and γ.
    r_squared
        1 − Σ residual² / Σ (measured − mean)² of these coefficients: 1 for a perfect fit.
    rows
        Measurements.
    worst
        Largest |residual| in ms.
    """

    fixed: Fraction
    per_token: Fraction
    sharing: Fraction
    r_squared: Fraction
    rows: int
    worst: Fraction

    def device(self, kv_tokens: int, max_batch_size: int) -> BatchDevice:
        """Return a device with these coefficients."""
        return BatchDevice(self.fixed, self.per_token, self.sharing, kv_tokens, max_batch_size)


def read_grid(path: str | Path) -> tuple[Ints, Ints, Ints]:
    """Read a latency grid: CSV with columns ``batch``, ``length`` and ``ms``, others ignored.

    Returns
    -------
    batch, length, time
        int64, shape (rows,): requests, tokens of the longest in all, and measured time in ns.

    Raises
    ------
    InputError
        If it cannot be read, or a batch or a length is 0.
    """
    grid = _TABLE.read(path)
    if grid.report.dropped:
        raise InputError("batches and lengths of at least 1", str(grid.report), file=path)
    assert grid.arrival is not None
    return grid.prompt, grid.gen, grid.arrival


def fit(batch: Ints, length: Ints, time: Ints) -> Fit:
    """Fit T(b, L) = α + βL + βγ·L(b − 1)/b, which is linear in α, β and βγ, by least squares.

    The normal equations are solved in rationals, so nothing depends on conditioning.

    Parameters
    ----------
    batch, length, time
        As `read_grid` returns them.

    Raises
    ------
    InputError
        If the measurements leave a coefficient open, or contradict the model: α or γ below 0, or β not above.
    """
    rows = [
        (Fraction(1), Fraction(tokens), Fraction(tokens * (size - 1), size))
        for size, tokens in zip(batch.tolist(), length.tolist(), strict=True)
    ]
    measured = [milliseconds(ns) for ns in time.tolist()]
    solution = _normal_equations(rows, measured)
    if solution is None:
        raise InputError("batches of 1 and more, of several lengths each", "too few to tell α, β and γ apart")
    fixed, per_token, shared = solution
    if per_token <= 0:
        raise InputError("times that grow with the length", f"β = {float(per_token):.6g} ms per token")
    fixed, per_token, sharing = (_rounded(value) for value in (fixed, per_token, shared / per_token))
    if fixed < 0 or sharing < 0:
        raise InputError("times of α ≥ 0 and γ ≥ 0", f"α = {float(fixed):.6g} ms, γ = {float(sharing):.6g}")
    coefficients = (fixed, per_token, per_token * sharing)
    residuals = [value - _dot(row, coefficients) for row, value in zip(rows, measured, strict=True)]
    mean = sum(measured, Fraction(0)) / len(measured)
    spread = _squares(value - mean for value in measured)
    r_squared = 1 - _squares(residuals) / spread
    return Fit(fixed, per_token, sharing, r_squared, len(rows), max(map(abs, residuals)))


def fit_file(path: str | Path) -> Fit:
    """Fit the coefficients to a latency grid; see `read_grid` and `fit`."""
    try:
        return fit(*read_grid(path))
    except InputError as error:
        raise error.located(file=path) from None


Row = tuple[Fraction, Fraction, Fraction]


def _dot(left: Row, right: Row) -> Fraction:
    return sum((a * b for a, b in zip(left, right, strict=True)), Fraction(0))


def _squares(values: Iterable[Fraction]) -> Fraction:
    return sum((value * value for value in values), Fraction(0))


def _rounded(value: Fraction) -> Fraction:
    return Fraction(round(value * 10**DIGITS), 10**DIGITS)


def _normal_equations(rows: list[Row], measured: list[Fraction]) -> list[Fraction] | None:
    """Return the least-squares solution by elimination, or None if there is more than one."""
    matrix = [
        [sum((row[i] * row[j] for row in rows), Fraction(0)) for j in range(3)]
        + [sum((row[i] * value for row, value in zip(rows, measured, strict=True)), Fraction(0))]
        for i in range(3)
    ]
    for k in range(3):
        # The matrix is positive semidefinite: a pivot of 0 means that the columns are dependent.
        if not matrix[k][k]:
            return None
        matrix[k] = [value / matrix[k][k] for value in matrix[k]]
        for other in range(3):
            if other != k:
                factor = matrix[other][k]
                matrix[other] = [a - factor * b for a, b in zip(matrix[other], matrix[k], strict=True)]
    return [matrix[k][3] for k in range(3)]
