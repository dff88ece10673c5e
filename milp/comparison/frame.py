"""A comparison as a table of pandas, for CSV files and notebooks."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from instances.exact import exact_text
from instances.files.atomic import atomic_write
from milp.comparison.comparison import Comparison, Row, value_of

if TYPE_CHECKING:
    import pandas as pd

OBJECTIVES: dict[str, tuple[str, Fraction | None]] = {
    "mean_ns": ("mean_latency", None),
    "p50_ns": ("percentile", Fraction(1, 2)),
    "p95_ns": ("percentile", Fraction(19, 20)),
    "p99_ns": ("percentile", Fraction(99, 100)),
    "violations": ("violations", None),
    "makespan_ns": ("makespan", None),
    "device_time_ns": ("device_time", None),
}
"""Columns that have a certified bound beside them: objective and quantile of its claim."""


def frame(comparison: Comparison) -> pd.DataFrame:
    """Return one row per rate and scheduler.

    Exact numbers are text, ``"p"`` or ``"p/q"``, each with a float in the column of that name with
    ``_float``; the certified lower bound of a column has its name with ``_bound``. Times are in ns. What
    there is none of is missing.
    """
    import pandas as pd

    return pd.DataFrame(dict(_cells(comparison, row)) for row in comparison.rows)


def write_csv(comparison: Comparison, path: Path) -> None:
    """Write `frame` to a CSV file."""
    text = frame(comparison).to_csv(index=False)
    with atomic_write(path) as file:
        file.write(text.encode())


def _cells(comparison: Comparison, row: Row) -> Iterator[tuple[str, Any]]:
    metrics, bounds = row.simulation.metrics, comparison.bounds.get(row.rate)
    yield "rate", str(exact_text(row.rate))
    yield "scheduler", row.name
    yield "requests", metrics.total.requests
    for column, (objective, quantile) in OBJECTIVES.items():
        yield from _exact(column, value_of(row.simulation, objective, quantile))
        bound = None if bounds is None else bounds.value(objective, quantile)
        yield from _exact(f"{column}_bound", bound)
    yield from _exact("first_token_mean_ns", metrics.total.first_token.mean)
    yield "first_token_p99_ns", metrics.total.first_token.p99
    yield "max_wait_ns", metrics.total.wait.most
    yield from _exact("throughput_per_s", metrics.throughput)
    yield from _exact("goodput_per_s", metrics.goodput)
    yield from _exact("utilisation", metrics.utilisation)
    yield from _exact("batch_size_mean", metrics.batch_size.mean)
    if row.simulation.composition is not None:
        yield from _exact("max_over_mean", row.simulation.composition[0].max_over_mean)


def _exact(name: str, value: Fraction | None) -> Iterator[tuple[str, Any]]:
    yield name, None if value is None else str(exact_text(value))
    yield f"{name}_float", None if value is None else float(value)
