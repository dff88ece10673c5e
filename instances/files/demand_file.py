"""Requests of one stream in a file of their own: JSON Lines, CSV or Parquet."""

from __future__ import annotations

import io
from pathlib import Path
from typing import IO

import msgspec
import numpy as np

from instances.demand import MAX_COUNT, MAX_TOKENS, Demand
from instances.errors import InputError
from instances.files.csv_rows import rows_from_csv
from instances.files.jsonlines import blocks, line_of_row
from instances.files.raw import read_bytes, read_text
from instances.files.rows import COLUMNS, BadRow, RequestRow, RowCollector, Rows

FORMATS = (".jsonl", ".jsonl.gz", ".csv", ".csv.gz", ".parquet")
_DECODER = msgspec.json.Decoder(RequestRow)
_LINES = 1 << 16


def read_demand(path: str | Path) -> Demand:
    """Read requests with the columns prompt_len, gen_len, and request_id or count where there are any.

    Raises
    ------
    InputError
        If the file is not of a known format or a row is wrong.
    """
    file = Path(path)
    name = file.name.lower()
    if not name.endswith(FORMATS):
        raise InputError(f"a file of type {', '.join(FORMATS)}", file.name, file=file)
    if name.endswith(".parquet"):
        rows = _rows_from_parquet(file)
    elif ".csv" in name[-7:]:
        rows = rows_from_csv(read_text(file), file)
    else:
        rows = _rows_from_jsonl(read_text(file), file)
    try:
        return rows.demand()
    except InputError as error:
        raise error.located(file=file) from None


def write_demand_lines(demand: Demand, out: IO[bytes]) -> None:
    """Write demand as JSON Lines: a line per request, or per row of a histogram."""
    encode = msgspec.json.Encoder().encode
    row = np.arange(demand.rows) if demand.ids is None else demand.row_of_ids()
    for start in range(0, len(row), _LINES):
        part = row[start : start + _LINES]
        lengths = (demand.prompt[part].tolist(), demand.gen[part].tolist())
        if demand.ids is None:
            columns = zip(*lengths, demand.count[part].tolist(), strict=True)
            lines = [b'{"prompt_len":%d,"gen_len":%d,"count":%d}\n' % cells for cells in columns]
        else:
            names = map(encode, demand.ids[start : start + _LINES].tolist())
            cells_of = zip(names, *lengths, strict=True)
            lines = [b'{"request_id":%b,"prompt_len":%d,"gen_len":%d}\n' % cells for cells in cells_of]
        out.write(b"".join(lines))


def _rows_from_jsonl(data: bytes, file: Path) -> Rows:
    collector = RowCollector()
    for rows in blocks(_DECODER, data, file):
        try:
            collector.add(rows)
        except BadRow as bad:
            index, error = bad.args
            raise error.located(file=file, line=line_of_row(data, index)) from None
    return collector.rows()


def _rows_from_parquet(file: Path) -> Rows:
    data = read_bytes(file)
    try:
        import pyarrow  # type: ignore[import-not-found, import-untyped, unused-ignore]
        import pyarrow.parquet as parquet  # type: ignore[import-not-found, import-untyped, unused-ignore]
    except ImportError:
        raise InputError(
            "pyarrow for Parquet files (pip install 'batchproof[parquet]')", "no pyarrow", file=file
        ) from None
    try:
        table = parquet.read_table(io.BytesIO(data))
    except (pyarrow.ArrowException, OSError) as error:
        raise InputError("a Parquet file", str(error), file=file) from None
    names = table.column_names
    if (
        len(set(names)) < len(names)
        or set(names) - set(COLUMNS)
        or not {"prompt_len", "gen_len"} <= set(names)
    ):
        raise InputError(f"columns {', '.join(COLUMNS)}, each at most once", ", ".join(names), file=file)
    if not table.num_rows:
        raise InputError("at least one request", "none", file=file)
    column = {}
    for name, most in (("prompt_len", MAX_TOKENS), ("gen_len", MAX_TOKENS), ("count", MAX_COUNT)):
        if name in names:
            if not pyarrow.types.is_integer(table.schema.field(name).type) or table[name].null_count:
                found = f"{table.schema.field(name).type} with {table[name].null_count} nulls"
                raise InputError("whole numbers without nulls", found, file=file, field=name)
            column[name] = table[name].to_numpy()
            low, high = int(column[name].min()), int(column[name].max())
            if low < 1 or high > most:
                bad = low if low < 1 else high
                raise InputError(f"an integer from 1 to {most}", bad, file=file, field=name)
            column[name] = column[name].astype(np.int64)
    if "request_id" not in names:
        return Rows(column["prompt_len"], column["gen_len"], None, column.get("count"))
    if table["request_id"].null_count:
        raise InputError("a request_id in every row or in none", file=file, field="request_id")
    if "count" in column and (column["count"] != 1).any():
        raise InputError("rows with a request_id to stand for one request", file=file, field="count")
    ids = np.array([str(name) for name in table["request_id"].to_pylist()], dtype=object)
    return Rows(column["prompt_len"], column["gen_len"], ids)
