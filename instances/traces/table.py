"""Traces as tables: CSV with a header, through the C parser of pandas."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from instances.demand import MAX_TOKENS
from instances.errors import InputError
from instances.traces.blocks import Block
from instances.traces.layout import LENGTH, Columns, Layout, Row, check_lengths

_INTEGER = re.compile(r"[+-]?[0-9]{1,30}")


@dataclass
class TableParser:
    """Parser of one CSV file: one request per line, columns found by name, other columns ignored."""

    layout: Layout
    _header: list[str] = field(default_factory=list)

    def begin(self, block: Block) -> Block:
        """Read the header line, and return the lines after it."""
        line, _, rest = block.data.partition(b"\n")
        try:
            names = [name.strip() for name in _split(line.decode())]
        except UnicodeDecodeError:
            raise InputError("a header in UTF-8", repr(line[:40]), line=1) from None
        except csv.Error as error:
            raise InputError("a header of column names", str(error), line=1) from None
        for wanted in self._fields():
            if names.count(wanted) != 1:
                found = "it twice" if wanted in names else ",".join(names)
                raise InputError("a column of this name in the header", found, line=1, field=wanted)
        self._header = names
        return Block(2, rest)

    def block(self, data: bytes) -> Columns:
        """Return the requests of whole lines."""
        import pandas as pd

        data = data.replace(b"\r\n", b"\n")
        # pandas drops surplus fields silently and fills short rows, so that is looked at first.
        if b"\r" in data or b'"' in data or not _is_regular(data, len(self._header)):
            raise ValueError("a line is not one row of the header's width, or has quotes")
        # By position, since columns that nobody asked for may share a name.
        position = {name: self._header.index(name) for name in self._fields()}
        arrival = None if self.layout.arrival is None else position[self.layout.arrival]
        # Types are left to inference: asked for int64, pandas would take 1.5e1 and true as well.
        frame = pd.read_csv(
            io.BytesIO(data),
            header=None,
            names=range(len(self._header)),
            usecols=list(position.values()),
            dtype=None if arrival is None else {arrival: object},
            index_col=False,
            na_filter=False,
            low_memory=False,
            engine="c",
        )
        lengths: list[Any] = [frame[position[n]].to_numpy() for n in (self.layout.prompt, self.layout.gen)]
        if any(column.dtype != np.int64 for column in lengths):
            raise ValueError("not all lengths are integers")
        check_lengths(*lengths)
        times = None
        if self.layout.clock is not None and arrival is not None:
            times = self.layout.clock.nanoseconds(frame[arrival].tolist())
        return Columns(lengths[0], lengths[1], times, None)

    def row(self, text: str) -> Row:
        """Return the request of one line."""
        try:
            values = _split(text)
        except csv.Error as error:
            raise InputError("a line of CSV", str(error)) from None
        if len(values) < len(self._header):
            missing = next((n for n in self._fields() if self._header.index(n) >= len(values)), None)
            raise InputError(f"{len(self._header)} values", f"{len(values)}", field=missing)
        if len(values) > len(self._header):
            raise InputError(f"{len(self._header)} values", f"{len(values)}")
        cells = dict(zip(self._header, values, strict=True))
        prompt, gen = (_length(cells[name], name) for name in (self.layout.prompt, self.layout.gen))
        arrival = None
        if self.layout.clock is not None and self.layout.arrival is not None:
            time = cells[self.layout.arrival]
            try:
                arrival = int(self.layout.clock.nanoseconds([time])[0])
            except (ValueError, ArithmeticError):
                raise InputError(self.layout.clock.expected, time, field=self.layout.arrival) from None
        return Row(prompt, gen, arrival, None)

    def _fields(self) -> list[str]:
        wanted = [self.layout.prompt, self.layout.gen]
        return wanted if self.layout.arrival is None else [self.layout.arrival, *wanted]


def _is_regular(data: bytes, width: int) -> bool:
    """Tell whether every line has the commas of `width` fields; blank lines have not."""
    codes = np.frombuffer(data, dtype=np.uint8)
    ends = np.flatnonzero(codes == ord("\n"))
    if not data.endswith(b"\n"):
        ends = np.append(ends, len(data))
    commas = np.flatnonzero(codes == ord(","))
    if len(commas) != len(ends) * (width - 1):
        return False
    of_line = commas.reshape(len(ends), width - 1)
    starts = np.concatenate([[0], ends[:-1]])
    return bool((of_line[:, 0] >= starts).all() and (of_line[:, -1] < ends).all())


def _split(line: str) -> list[str]:
    return next(csv.reader([line.rstrip("\r\n")], strict=True), [])


def _length(text: str, name: str) -> int:
    stripped = text.strip()
    if not _INTEGER.fullmatch(stripped) or not 0 <= int(stripped) <= MAX_TOKENS:
        raise InputError(LENGTH, text, field=name)
    return int(stripped)
