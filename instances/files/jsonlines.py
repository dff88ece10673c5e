"""JSON Lines in blocks, so that a million rows are never a million objects at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from instances.errors import InputError
from instances.files.messages import decode

BLOCK = 1 << 22
"""Bytes decoded at a time."""


def blocks(decoder: msgspec.json.Decoder[Any], data: bytes, file: Path) -> Iterator[list[Any]]:
    """Yield the decoded lines of a JSON Lines file, many at a time.

    Raises
    ------
    InputError
        At the first line that is no JSON or has the wrong type.
    """
    start = 0
    while start < len(data):
        end = data.find(b"\n", start + BLOCK) + 1 or len(data)
        block = data[start:end]
        try:
            rows = decoder.decode_lines(block)
        except (msgspec.DecodeError, ValueError, RecursionError):
            _locate(decoder, data, start, file)
            raise InputError("one JSON object on each line", file=file) from None
        if rows:
            yield rows
        start = end


def line_of_row(data: bytes, row: int) -> int:
    """Return the line number of the row with this index, blank lines not being rows."""
    for number, line in enumerate(data.split(b"\n"), start=1):
        if line.strip():
            if row == 0:
                return number
            row -= 1
    return number


def _locate(decoder: msgspec.json.Decoder[Any], data: bytes, start: int, file: Path) -> None:
    first = data.count(b"\n", 0, start) + 1
    for number, line in enumerate(data[start:].split(b"\n"), start=first):
        if line.strip():
            try:
                decode(decoder, line, file)
            except InputError as error:
                expected = (
                    error.expected.replace("JSON", "a JSON object") if not error.field else error.expected
                )
                found = "the end of the line" if error.found == "the end of the file" else error.found
                raise InputError(expected, found, file=file, line=number, field=error.field) from None
