"""Requests as they stand in files: rows with lengths, an identifier or a count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import msgspec
import numpy as np
import numpy.typing as npt

from instances.demand import MAX_COUNT, MAX_TOKENS, Demand
from instances.errors import InputError

Tokens = Annotated[int, msgspec.Meta(ge=1, le=MAX_TOKENS)]
Count = Annotated[int, msgspec.Meta(ge=1, le=MAX_COUNT)]
RequestId = str | int
Ints = npt.NDArray[np.int64]
COLUMNS = ("request_id", "prompt_len", "gen_len", "count")


class RequestRow(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """One row: a request, or `count` requests of equal lengths."""

    prompt_len: Tokens
    gen_len: Tokens
    request_id: RequestId | None = None
    count: Count | None = None


@dataclass(frozen=True, eq=False)
class Rows:
    """Columns of one length; `ids` and `count` where the file has them."""

    prompt: Ints
    gen: Ints
    ids: npt.NDArray[np.object_] | None = None
    count: Ints | None = None

    def demand(self) -> Demand:
        """Return the rows as demand.

        Raises
        ------
        InputError
            If an identifier occurs twice.
        """
        if self.ids is not None:
            return Demand.from_requests(self.prompt, self.gen, self.ids)
        if self.count is None:
            return Demand.from_requests(self.prompt, self.gen)
        return Demand.from_histogram(self.prompt, self.gen, self.count)


class BadRow(Exception):
    """A row that breaks a rule over several columns; `args` are its index and the InputError."""


class RowCollector:
    """Gathers rows block by block into columns."""

    def __init__(self) -> None:
        self._parts: list[Rows] = []
        self._rows = 0

    def add(self, rows: Sequence[RequestRow]) -> None:
        """Append rows.

        Raises
        ------
        BadRow
            If some rows have an identifier and others do not, or a row has both an identifier and a count.
        """
        prompt = np.array([row.prompt_len for row in rows], dtype=np.int64)
        gen = np.array([row.gen_len for row in rows], dtype=np.int64)
        names = [row.request_id for row in rows]
        counts = [row.count for row in rows]
        with_ids = self._parts[0].ids is not None if self._parts else names[0] is not None
        for index, (name, count) in enumerate(zip(names, counts, strict=True)):
            if (name is not None) != with_ids:
                raise BadRow(self._rows + index, InputError("a request_id in every row or in none"))
            if name is not None and count is not None and count != 1:
                error = InputError("a row with a request_id to stand for one request", count, field="count")
                raise BadRow(self._rows + index, error)
        ids = np.array([str(name) for name in names], dtype=object) if with_ids else None
        count_column = np.array([1 if count is None else count for count in counts], dtype=np.int64)
        self._parts.append(Rows(prompt, gen, ids, count_column))
        self._rows += len(rows)

    def rows(self) -> Rows:
        """Return everything that was added."""
        if not self._parts:
            raise InputError("at least one request", "none")
        prompt = np.concatenate([part.prompt for part in self._parts])
        gen = np.concatenate([part.gen for part in self._parts])
        ids = [part.ids for part in self._parts if part.ids is not None]
        if ids:
            return Rows(prompt, gen, np.concatenate(ids))
        counts = [part.count for part in self._parts if part.count is not None]
        return Rows(prompt, gen, None, np.concatenate(counts))
