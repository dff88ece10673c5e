"""Traces as JSON Lines: one object per line, through msgspec."""

from __future__ import annotations

from decimal import Decimal
from operator import attrgetter
from typing import Annotated, Any

import msgspec
import numpy as np

from instances.demand import MAX_TOKENS
from instances.errors import InputError
from instances.traces.blocks import Block
from instances.traces.layout import LENGTH, Columns, Layout, Row

_Length = Annotated[int, msgspec.Meta(ge=0, le=MAX_TOKENS)]


class ObjectParser:
    """Parser of one JSON Lines file: fields found by name, other fields skipped without being decoded."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        # Part of a row -> (name in the file, type, what to say if it is something else).
        self._parts: dict[str, tuple[str, Any, str]] = {
            "prompt": (layout.prompt, _Length, LENGTH),
            "gen": (layout.gen, _Length, LENGTH),
        }
        if layout.arrival is not None and layout.clock is not None:
            self._parts["arrival"] = (layout.arrival, int | Decimal, layout.clock.expected)
        if layout.ids is not None:
            self._parts["ids"] = (layout.ids, str, "a string")
        fields = [(part, kind, msgspec.field(name=name)) for part, (name, kind, _) in self._parts.items()]
        self._decoder = msgspec.json.Decoder(msgspec.defstruct("Request", fields, gc=False))
        self._raw = msgspec.json.Decoder(dict[str, msgspec.Raw])

    def begin(self, block: Block) -> Block:
        """Return the block as it is: there is no header."""
        return block

    def block(self, data: bytes) -> Columns:
        """Return the requests of whole lines."""
        try:
            rows: list[Any] = self._decoder.decode_lines(data)
        except RecursionError:
            raise ValueError("nested too deeply") from None
        if not _has_rows(data, len(rows)):
            raise ValueError("a line is not one object")
        prompt, gen = (
            np.fromiter(map(attrgetter(part), rows), dtype=np.int64, count=len(rows))
            for part in ("prompt", "gen")
        )
        arrival = ids = None
        if "arrival" in self._parts and self.layout.clock is not None:
            arrival = self.layout.clock.nanoseconds([row.arrival for row in rows])
        if "ids" in self._parts:
            ids = np.fromiter(map(attrgetter("ids"), rows), dtype=object, count=len(rows))
        return Columns(prompt, gen, arrival, ids)

    def row(self, text: str) -> Row:
        """Return the request of one line."""
        try:
            raw = self._raw.decode(text)
        except (msgspec.DecodeError, RecursionError):
            raise InputError("a JSON object", text) from None
        values: dict[str, Any] = {}
        for part, (name, kind, expected) in self._parts.items():
            if name not in raw:
                raise InputError("a field of this name", "none", field=name)
            try:
                values[part] = msgspec.json.decode(raw[name], type=kind)
                if part == "arrival" and self.layout.clock is not None:
                    values[part] = int(self.layout.clock.nanoseconds([values[part]])[0])
            except (ValueError, ArithmeticError):
                raise InputError(expected, bytes(raw[name]).decode(), field=name) from None
        return Row(values["prompt"], values["gen"], values.get("arrival"), values.get("ids"))


def _has_rows(data: bytes, rows: int) -> bool:
    """Tell whether `data` has one line for each of `rows`, blank lines apart."""
    if rows == data.count(b"\n") + (not data.endswith(b"\n")):
        return True
    return rows == sum(1 for line in data.split(b"\n") if line.strip())
