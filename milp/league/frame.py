"""A league as a table of pandas, for CSV files and notebooks."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from instances.exact import exact_text
from instances.files.atomic import atomic_write
from instances.metrics import Metrics
from milp.league.rows import League, Row, Standings

if TYPE_CHECKING:
    import pandas as pd

ALL = "all"
"""In the column `stream`: the whole plan."""


def frame(league: League) -> pd.DataFrame:
    """Return one row per instance and contender, and one per stream where there are several.

    Exact numbers are text, ``"p"`` or ``"p/q"``, each with a float in the column of that name with
    ``_float``. Times are in milliseconds, `seconds` apart; costs in cost units. What there is none of is
    missing.
    """
    import pandas as pd

    return pd.DataFrame(cells for one in league.standings for row in one.rows for cells in _rows(one, row))


def write_csv(league: League, path: Path) -> None:
    """Write `frame` to a CSV file."""
    text = frame(league).to_csv(index=False)
    with atomic_write(path) as file:
        file.write(text.encode())


def _rows(standings: Standings, row: Row) -> Iterator[dict[str, Any]]:
    evaluation = row.attempt.evaluation
    heads = {"instance": standings.instance.name, "name": row.name, "source": row.source}
    yield {
        **heads,
        "stream": ALL,
        "outcome": row.outcome.value,
        **_exact("gap", row.gap),
        **_exact("cost", row.cost),
        **_exact("lower_bound", standings.lower_bound),
        "seconds": row.seconds,
        "violations": "; ".join(map(str, row.violations)),
        "reason": row.attempt.reason,
        **({} if evaluation is None or evaluation.total is None else _metrics(evaluation.total)),
    }
    if evaluation is None or len(evaluation.streams) < 2:
        return
    for stream, metrics in zip(standings.instance.streams, evaluation.streams, strict=True):
        yield {**heads, "stream": stream.name, **_exact("cost", metrics.cost), **_metrics(metrics)}


def _metrics(metrics: Metrics) -> dict[str, Any]:
    cells: dict[str, Any] = {
        "requests": metrics.requests,
        "batches": metrics.batches,
        "shapes": metrics.shapes,
        **_exact("pad_ratio", metrics.pad_ratio),
        **_exact("total_time_ms", metrics.total_time),
    }
    for name, value in metrics.latency.items():
        cells |= _exact(f"{name}_ms", value)
    return cells


def _exact(name: str, value: Fraction | None) -> dict[str, Any]:
    if value is None:
        return {name: None, f"{name}_float": None}
    return {name: str(exact_text(value)), f"{name}_float": float(value)}
