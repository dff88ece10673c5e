"""Demand: how many requests of each length a stream has, as columns."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from instances.errors import InputError

MAX_TOKENS = 10**9
"""Longest prompt or generation that is accepted, in tokens."""

MAX_COUNT = 10**15
"""Most requests that one row of a histogram may stand for."""


@dataclass(frozen=True, eq=False)
class Demand:
    """Requests as a histogram over distinct (prompt, gen), with their identifiers where there are any.

    Two requests of equal lengths are interchangeable, so everything after reading works on rows.

    Attributes
    ----------
    prompt, gen
        int64, shape (rows,): prompt and generation length in tokens, sorted by (prompt, gen), distinct.
    count
        int64, shape (rows,): number of requests of these lengths, at least 1.
    ids
        str, shape (requests,): identifiers ordered by row, in file order within a row; None for a histogram.
    """

    prompt: npt.NDArray[np.int64]
    gen: npt.NDArray[np.int64]
    count: npt.NDArray[np.int64]
    ids: npt.NDArray[np.object_] | None = None

    @classmethod
    def from_requests(
        cls, prompt: npt.ArrayLike, gen: npt.ArrayLike, ids: npt.ArrayLike | None = None
    ) -> Demand:
        """Build demand from one prompt and one gen length per request.

        Raises
        ------
        InputError
            If a length is out of range or an identifier occurs twice.
        """
        prompts, gens = _column(prompt, "prompt_len"), _column(gen, "gen_len")
        names = None if ids is None else np.asarray(ids, dtype=object)
        if names is not None:
            _refuse_duplicates(names)
        key = _packed(prompts, gens)
        if names is None:
            values, count = np.unique(key, return_counts=True)
            first = None
        else:
            order = np.argsort(key, kind="stable")
            values, count = np.unique(key, return_counts=True)
            first = names[order]
        return cls(*_unpacked(values), count.astype(np.int64), first)

    @classmethod
    def from_histogram(cls, prompt: npt.ArrayLike, gen: npt.ArrayLike, count: npt.ArrayLike) -> Demand:
        """Build demand from rows (prompt, gen, count); equal rows are added up.

        Raises
        ------
        InputError
            If a length or a count is out of range.
        """
        prompts, gens = _column(prompt, "prompt_len"), _column(gen, "gen_len")
        counts = _column(count, "count", MAX_COUNT)
        values, row = np.unique(_packed(prompts, gens), return_inverse=True)
        total = np.zeros(len(values), dtype=np.int64)
        np.add.at(total, row, counts)
        if (total > MAX_COUNT).any():
            raise InputError(f"at most {MAX_COUNT} requests of one length", int(total.max()), field="count")
        return cls(*_unpacked(values), total)

    @property
    def rows(self) -> int:
        """Number of distinct (prompt, gen)."""
        return len(self.prompt)

    @cached_property
    def requests(self) -> int:
        """Number of requests."""
        return sum(self.count.tolist())

    @cached_property
    def real_tokens(self) -> int:
        """Prompt plus generated tokens of all requests, without padding."""
        lengths = (self.prompt + self.gen).tolist()
        return sum(length * n for length, n in zip(lengths, self.count.tolist(), strict=True))

    def row_of_ids(self) -> npt.NDArray[np.int64]:
        """Return the row of each identifier: int64, shape (requests,)."""
        return np.repeat(np.arange(self.rows), self.count)


def _column(values: npt.ArrayLike, field: str, most: int = MAX_TOKENS) -> npt.NDArray[np.int64]:
    array = np.asarray(values)
    if array.size == 0:
        return array.astype(np.int64).ravel()
    if array.dtype == object or not np.issubdtype(array.dtype, np.integer):
        bad = next((v for v in array.tolist() if type(v) is not int or not 1 <= v <= most), None)
        if bad is not None:
            raise InputError(f"an integer from 1 to {most}", bad, field=field)
    low, high = int(array.min()), int(array.max())
    if low < 1 or high > most:
        raise InputError(f"an integer from 1 to {most}", low if low < 1 else high, field=field)
    return array.astype(np.int64)


def _packed(prompt: npt.NDArray[np.int64], gen: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    # Both lengths are below 2**30, so one sortable int64 holds the pair.
    return (prompt << 30) | gen


def _unpacked(key: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    return key >> 30, key & (2**30 - 1)


def _refuse_duplicates(names: npt.NDArray[np.object_]) -> None:
    seen: set[str] = set(names.tolist())
    if len(seen) == len(names):
        return
    for name in names.tolist():
        if name not in seen:
            raise InputError("distinct request ids", f"{name!r} twice", field="request_id")
        seen.discard(name)
