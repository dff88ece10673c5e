"""Records as a table, and the table as Markdown, CSV, HTML or Parquet."""

from __future__ import annotations

import io
from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas

from instances.errors import InputError
from instances.files.atomic import atomic_write
from milp.results.record import Record, label_of
from milp.results.store import Store

if TYPE_CHECKING:
    from pandas import DataFrame

FORMATS = ("md", "csv", "html", "parquet")
"""Endings of files that a table can be written to."""

COLUMNS = (
    "instance",
    "digest",
    "source",
    "requests",
    "distinct_lengths",
    "streams",
    "engine",
    "time_limit",
    "gap_limit",
    "workers",
    "seed",
    "version",
    "outcome",
    "error",
    "status",
    "certified",
    "minimized",
    "value",
    "value_float",
    "cost",
    "cost_float",
    "lower_bound",
    "lower_bound_float",
    "gap",
    "gap_float",
    "claimed_bound",
    "claimed_bound_float",
    "shapes",
    "batches",
    "leaves",
    "runtime_s",
    "verify_s",
    "wall_s",
    "cpu_s",
    "peak_mib",
    "attempts",
    "started",
    "certificate",
    "plan",
    "record",
)

SHOWN = (
    "instance",
    "engine",
    "requests",
    "status",
    "minimized",
    "value",
    "certified bound",
    "gap",
    "shapes",
    "s",
    "MiB",
)


def load(folder: str | Path) -> DataFrame:
    """Return the records of a store as a table, a row each.

    Exact numbers are texts, integers or ``p/q``, of any size; beside each, ``NAME_float`` is the nearest
    float. `gap_limit` is the gap at which the search was to stop, `gap` the one that it reached.

    Raises
    ------
    InputError
        If the folder is no store.
    """
    store = Store(folder)
    store.require()
    return table_of(store.records())


def table_of(records: Iterable[Record]) -> DataFrame:
    """Return records as a table, a row each, in the order of their files."""
    ordered = sorted(records, key=lambda record: (record.source, record.id))
    frame = pandas.DataFrame([_row(record) for record in ordered], columns=list(COLUMNS))
    whole = ("requests", "distinct_lengths", "streams", "workers", "seed", "shapes", "batches", "leaves")
    return frame.astype(dict.fromkeys(whole, "Int64"))


def save(frame: DataFrame, path: Path) -> None:
    """Write a table in the format that the file's ending names.

    Raises
    ------
    InputError
        If the ending is none of `FORMATS`, pyarrow is missing for Parquet, or the file cannot be written.
    """
    refuse_unknown_format(path)
    kind = path.suffix.lstrip(".").lower()
    if kind == "parquet":
        content = _parquet(frame)
    elif kind == "csv":
        content = frame.to_csv(index=False).encode()
    else:
        content = (markdown_page(frame) if kind == "md" else html_page(frame)).encode()
    with atomic_write(path) as file:
        file.write(content)


def refuse_unknown_format(path: Path) -> None:
    """Refuse a file whose ending is none of `FORMATS`, before anything is computed for it."""
    if path.suffix.lstrip(".").lower() not in FORMATS:
        raise InputError(f"a file name ending in {', '.join(FORMATS)}", path.name)


def markdown_page(frame: DataFrame) -> str:
    """Return the columns that people look at first as a Markdown table."""
    return "\n".join(markdown(list(SHOWN), map(_shown, frame.to_dict("records")))) + "\n"


def html_page(frame: DataFrame) -> str:
    """Return the columns that people look at first as a page of HTML."""
    rows = ["".join(f"<td>{escape(cell)}</td>" for cell in _shown(row)) for row in frame.to_dict("records")]
    head = "".join(f"<th>{escape(name)}</th>" for name in SHOWN)
    return _PAGE.format(head=head, rows="\n".join(f"<tr>{row}</tr>" for row in rows))


def markdown(head: list[str], rows: Iterable[list[str]]) -> list[str]:
    """Return the lines of a Markdown table."""
    lines = ["| " + " | ".join(head) + " |", "| " + " | ".join("---" for _ in head) + " |"]
    # A bar would end the cell.
    return lines + ["| " + " | ".join(cell.replace("|", "/") for cell in row) + " |" for row in rows]


def _row(record: Record) -> dict[str, Any]:
    settings, total = record.settings, record.evaluation.get("total", {})
    row = {name: getattr(record, name, None) for name in COLUMNS}
    for name in ("value", "cost", "lower_bound", "gap", "claimed_bound"):
        row[name] = None if row[name] is None else str(row[name])
    return row | {
        "outcome": record.outcome.value,
        "gap_limit": settings.get("gap"),
        **{name: settings.get(name) for name in ("time_limit", "workers", "seed")},
        **{name: total.get(name) for name in ("shapes", "batches")},
        "certificate": None if record.certificate is None else record.certificate.path,
        "plan": None if record.plan is None else record.plan.path,
        "record": record.id,
    }


def _shown(row: dict[Any, Any]) -> list[str]:
    """Return the cells of `SHOWN`."""
    row = {name: None if pandas.isna(value) else value for name, value in row.items()}
    gap, failed = row["gap_float"], row["error"]
    return [
        label_of(row["source"]),
        row["engine"],
        _number(row["requests"]),
        row["status"] or f"{row['outcome']}: {failed}",
        row["minimized"],
        _number(row["value"]),
        _number(row["lower_bound"]),
        "—" if gap is None else f"{100 * gap:.3g} %",
        _number(row["shapes"]),
        "—" if row["wall_s"] is None else f"{row['wall_s']:.2f}",
        "—" if row["peak_mib"] is None else f"{row['peak_mib']:.0f}",
    ]


def _number(value: int | str | None) -> str:
    if value is None:
        return "—"
    text = str(value)
    return text if "/" in text else f"{int(text):,}"


def _parquet(frame: DataFrame) -> bytes:
    buffer = io.BytesIO()
    try:
        frame.to_parquet(buffer, index=False)
    except ImportError:
        raise InputError("pyarrow for Parquet (`pip install 'batchproof[parquet]'`)") from None
    return buffer.getvalue()


_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Results</title>
<style>
body {{ font: 14px sans-serif; margin: 2em; color: #222 }}
table {{ border-collapse: collapse }}
th, td {{ padding: 0.25em 0.7em; border-bottom: 1px solid #ddd; text-align: right }}
th {{ position: sticky; top: 0; background: white }}
th:nth-child(-n+2), td:nth-child(-n+2), th:nth-child(4), td:nth-child(4) {{ text-align: left }}
</style>
<table>
<thead><tr>{head}</tr></thead>
<tbody>
{rows}
</tbody>
</table>
</html>
"""
