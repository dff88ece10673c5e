"""Requests from CSV: pandas for speed, a plain second pass to name the line that is wrong."""

from __future__ import annotations

import csv
import io
import re
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from instances.demand import MAX_COUNT, MAX_TOKENS
from instances.errors import InputError
from instances.files.rows import COLUMNS, Rows

if TYPE_CHECKING:
    import pandas

_WHOLE = re.compile(r"\s*[0-9]{1,18}\s*", re.ASCII)
_MOST = {"prompt_len": MAX_TOKENS, "gen_len": MAX_TOKENS, "count": MAX_COUNT}


def rows_from_csv(data: bytes, file: Path) -> Rows:
    """Return the rows of a CSV file with a header line.

    Raises
    ------
    InputError
        With the line, at the first row that is wrong.
    """
    names = _header(data, file)
    frame = _fast(data)
    if frame is None or not _sound(frame):
        _locate(data, names, file)
        raise InputError("a CSV table of requests", file=file)
    if not len(frame):
        raise InputError("at least one request", "none", file=file)
    column = {name: frame[name].to_numpy() for name in names}
    ids = column.get("request_id")
    return Rows(column["prompt_len"], column["gen_len"], ids, column.get("count") if ids is None else None)


def _header(data: bytes, file: Path) -> list[str]:
    names = [name.strip() for name in next(csv.reader([data.split(b"\n", 1)[0].decode().rstrip("\r")]))]
    for name in names:
        if name not in COLUMNS or names.count(name) > 1:
            raise InputError(f"columns {', '.join(COLUMNS)}, each once", name, file=file, line=1)
    for name in ("prompt_len", "gen_len"):
        if name not in names:
            raise InputError(f"a column {name}", ",".join(names), file=file, line=1)
    return names


def _fast(data: bytes) -> pandas.DataFrame | None:
    import pandas

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            frame = pandas.read_csv(
                io.BytesIO(data), dtype={"request_id": object}, keep_default_na=False, low_memory=False
            )
    except (ValueError, pandas.errors.ParserError, Warning, OverflowError):
        return None
    return frame.rename(columns=str.strip)


def _sound(frame: pandas.DataFrame) -> bool:
    import pandas

    if not isinstance(frame.index, pandas.RangeIndex):
        return False
    for name, most in _MOST.items():
        if name in frame and len(frame):
            values = frame[name].to_numpy()
            if values.dtype != np.int64 or values.min() < 1 or values.max() > most:
                return False
    if "request_id" in frame:
        if set(map(type, frame["request_id"])) - {str} or (frame["request_id"] == "").any():
            return False
        return "count" not in frame or bool((frame["count"] == 1).all())
    return True


def _locate(data: bytes, names: list[str], file: Path) -> None:
    reader = csv.reader(io.StringIO(data.decode(), newline=""), strict=True)
    try:
        next(reader)
        for cells in reader:
            if cells:
                _check(dict(zip(names, cells, strict=False)), cells, names)
    except csv.Error as error:
        raise InputError("CSV", str(error), file=file, line=reader.line_num) from None
    except InputError as error:
        raise error.located(file=file, line=reader.line_num) from None


def _check(row: dict[str, str], cells: list[str], names: list[str]) -> None:
    if len(cells) != len(names):
        raise InputError(f"{len(names)} columns", len(cells))
    for name, most in _MOST.items():
        if name in row and not (_WHOLE.fullmatch(row[name]) and 1 <= int(row[name]) <= most):
            raise InputError(f"an integer from 1 to {most}", row[name], field=name)
    if row.get("request_id") == "":
        raise InputError("a request_id", "", field="request_id")
    if "request_id" in row and int(row.get("count", 1)) != 1:
        raise InputError("a row with a request_id to stand for one request", row["count"], field="count")
