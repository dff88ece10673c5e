"""Reading a plan file."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from functools import cached_property
from operator import attrgetter
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from instances.errors import InputError
from instances.exact import exact_dot
from instances.files.jsonlines import blocks, line_of_row
from instances.files.plan_rows import check_histogram_row, row_type, spelling
from instances.files.raw import read_text
from instances.instance import Instance, ShapeKeys
from instances.plan import Plan
from instances.violations import Violation

Ints = npt.NDArray[np.int64]
MOST_LISTED = 20
"""Defects of one kind that are reported one by one."""
MOST_SERVED = 2**62
UNKNOWN, HISTOGRAM = -1, -2
"""In place of a request's position: there is none of this id, or the line has no id."""


class _Lines:
    """Columns of a plan file, one value per line, gathered block by block."""

    names = ("position", "batch", "stream", "row", "count", "copies", "prompt", "gen", "slots")

    def __init__(self) -> None:
        self._parts: list[tuple[Ints, ...]] = []
        self.batch_ids: dict[str | int, int] = {}
        self.unknown: dict[str, None] = {}
        self.constants: dict[str, None] = {}

    def add(self, *columns: Ints) -> None:
        """Append one block, columns in the order of `names`."""
        self._parts.append(columns)

    def columns(self) -> dict[str, Ints]:
        """Return the columns of all lines that name something in the instance."""
        whole = dict(zip(self.names, map(np.concatenate, zip(*self._parts, strict=True)), strict=True))
        known = whole["stream"] >= 0
        return {name: column[known] for name, column in whole.items()}


def read_plan(path: str | Path, instance: Instance) -> Plan:
    """Read a plan for an instance from JSON Lines, plain or gzipped.

    A plan with mistakes is read as far as it makes sense; what is wrong is in `Plan.defects`, or found by
    `evaluate`.

    Raises
    ------
    InputError
        If the file is no plan: not JSON Lines, or a line without the fields that it needs.
    """
    file = Path(path)
    data = read_text(file)
    keys = spelling(instance, data.lstrip().split(b"\n", 1)[0])
    decoder = msgspec.json.Decoder(row_type(instance, keys))
    lines, index, done = _Lines(), _Index(instance), 0
    for rows in blocks(decoder, data, file):
        try:
            _collect(lines, index, keys, rows)
        except _BadLine as bad:
            offset, error = bad.args
            raise error.located(file=file, line=line_of_row(data, done + offset)) from None
        done += len(rows)
    columns = lines.columns()
    if exact_dot(columns["count"], columns["copies"]) > MOST_SERVED:
        raise InputError(f"a plan that serves at most {MOST_SERVED} requests", file=file)
    return _plan(instance, index, lines, columns)


class _BadLine(Exception):
    """A line that breaks a rule; `args` are its index in the block and the InputError."""


class _Index:
    """Where requests and rows stand in the instance; a position counts the ids of all streams."""

    def __init__(self, instance: Instance) -> None:
        demands = [stream.demand for stream in instance.streams]
        nothing = np.zeros(0, dtype=np.int64)
        rows = [nothing if d.ids is None else d.row_of_ids() for d in demands]
        self.ids = np.concatenate([nothing.astype(object) if d.ids is None else d.ids for d in demands])
        self.position = dict(zip(self.ids.tolist(), range(len(self.ids)), strict=True))
        # One more value, so that UNKNOWN (−1) picks it: no stream.
        self.row = np.concatenate([*rows, [0]])
        self.stream = np.append(np.repeat(np.arange(len(rows)), [len(part) for part in rows]), -1)
        self.streams = {stream.name: k for k, stream in enumerate(instance.streams)}
        self._demands = demands

    @cached_property
    def row_of_lengths(self) -> dict[tuple[int, int, int], int]:
        """(stream, prompt, gen) to the row of the stream's demand."""
        return {
            (k, prompt, gen): row
            for k, demand in enumerate(self._demands)
            for row, (prompt, gen) in enumerate(zip(demand.prompt.tolist(), demand.gen.tolist(), strict=True))
        }


def _collect(lines: _Lines, index: _Index, keys: ShapeKeys, rows: list[Any]) -> None:
    def column(values: list[int]) -> Ints:
        return np.array(values, dtype=np.int64)

    ids = [row.request_id for row in rows]
    find = index.position.get
    position = column([find(name if type(name) is str else str(name), UNKNOWN) for name in ids])
    if None in ids:
        position[[name is None for name in ids]] = HISTOGRAM
    place = np.maximum(position, UNKNOWN)
    stream, row_of = index.stream[place], index.row[place]
    count, copies = np.ones(len(rows), dtype=np.int64), np.ones(len(rows), dtype=np.int64)
    lines.unknown.update((str(ids[k]), None) for k in np.flatnonzero(position == UNKNOWN).tolist())
    for offset in np.flatnonzero(position == HISTOGRAM).tolist():
        row = rows[offset]
        stream[offset], row_of[offset] = _histogram_place(lines, index, row, offset)
        count[offset], copies[offset] = row.count, row.copies
    batch_of = lines.batch_ids
    batch = column([batch_of.setdefault(row.batch_id, len(batch_of)) for row in rows])
    shapes = [row.shape for row in rows]
    for k, (key, value) in enumerate(keys.constants):
        found = list(map(attrgetter(f"constant{k}"), shapes))
        if found.count(value) < len(found):
            for row, other in zip(rows, found, strict=True):
                if other != value:
                    lines.constants[f"batch {row.batch_id}: {key} {other} instead of {value}"] = None
    prompt, gen = column([shape.prompt for shape in shapes]), column([shape.gen for shape in shapes])
    slots = column([shape.batch for shape in shapes])
    lines.add(position, batch, stream, row_of, count, copies, prompt, gen, slots)


def _histogram_place(lines: _Lines, index: _Index, row: Any, offset: int) -> tuple[int, int]:
    try:
        check_histogram_row(row)
        if row.stream is None and len(index.streams) > 1:
            raise InputError("a stream, as the instance has several", f"none of {', '.join(index.streams)}")
    except InputError as error:
        raise _BadLine(offset, error) from None
    name = row.stream if row.stream is not None else next(iter(index.streams))
    stream = index.streams.get(name, -1)
    found = index.row_of_lengths.get((stream, row.prompt_len, row.gen_len))
    if found is None:
        lines.unknown[f"stream {name}: prompt {row.prompt_len}, gen {row.gen_len}"] = None
        return -1, 0
    return stream, found


def _repeated(position: Ints) -> Ints:
    """Return the lines whose request an earlier line has already placed."""
    first = np.zeros(len(position), dtype=bool)
    first[np.unique(position, return_index=True)[1]] = True
    return np.flatnonzero(~first & (position >= 0))


def _plan(instance: Instance, index: _Index, lines: _Lines, columns: dict[str, Ints]) -> Plan:
    # Left out of the columns: a request placed twice is reported once.
    again = _repeated(columns["position"])
    twice = dict.fromkeys(index.ids[columns["position"][again]].tolist())
    columns = {name: np.delete(column, again) for name, column in columns.items()}
    batch, stream, copies = columns["batch"], columns["stream"], columns["copies"]
    shape = np.stack([columns["prompt"], columns["gen"], columns["slots"]], axis=1)
    id_of = list(lines.batch_ids)
    # A batch over several streams becomes one per stream, so that its rows keep their meaning.
    part, first_line, part_of = _by_first_appearance(batch * len(instance.streams) + stream)
    declared, first_copies = shape[first_line], copies[first_line]
    mixed = np.flatnonzero((shape != declared[part_of]).any(axis=1) | (copies != first_copies[part_of]))
    of_batch = part // len(instance.streams)
    split = np.flatnonzero(np.bincount(of_batch, minlength=1) > 1)
    defects = [
        *_listed("unknown request", lines.unknown),
        *_listed("duplicate request", twice),
        *_listed("shape not allowed", lines.constants),
        *_listed("shapes differ within a batch", {f"batch {id_of[b]}": None for b in batch[mixed].tolist()}),
        *_listed("streams differ within a batch", {f"batch {id_of[b]}": None for b in split.tolist()}),
    ]
    entry_batch, entry_row, entry_count = _entries(part_of, columns["row"], columns["count"])
    names = [id_of[b] for b in of_batch.tolist()]
    prompt, gen, slots = (np.ascontiguousarray(declared[:, k]) for k in range(3))
    return Plan(
        stream=part % len(instance.streams),
        prompt=prompt,
        gen=gen,
        batch=slots,
        copies=first_copies,
        entry_batch=entry_batch,
        entry_row=entry_row,
        entry_count=entry_count,
        id_rank=_ranks(names),
        defects=tuple(defects),
        names=tuple(map(str, names)),
    )


def _by_first_appearance(keys: Ints) -> tuple[Ints, Ints, Ints]:
    """Return the distinct keys in order of appearance, the first position of each, and each key's index."""
    values, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
    order = np.argsort(first, kind="stable")
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    return values[order], first[order], rank[inverse]


def _entries(batch: Ints, row: Ints, count: Ints) -> tuple[Ints, Ints, Ints]:
    """Merge equal rows of a batch and sort by batch, then by first appearance."""
    if not len(batch):
        return batch, row, count
    _, first, entry = _by_first_appearance(batch * (int(row.max()) + 1) + row)
    total = np.zeros(len(first), dtype=np.int64)
    np.add.at(total, entry, count)
    order = np.argsort(batch[first], kind="stable")
    return batch[first][order], row[first][order], total[order]


def _ranks(names: list[str | int]) -> Ints:
    numeric = all(isinstance(name, int) for name in names)
    keys: list[Any] = list(names) if numeric else [str(name) for name in names]
    rank = np.empty(len(keys), dtype=np.int64)
    rank[sorted(range(len(keys)), key=keys.__getitem__)] = np.arange(len(keys))
    return rank


def _listed(kind: str, names: Iterable[Hashable]) -> list[Violation]:
    every = [str(name) for name in names]
    found = [Violation(kind, name) for name in every[:MOST_LISTED]]
    if len(every) > MOST_LISTED:
        found.append(Violation(kind, f"and {len(every) - MOST_LISTED} more"))
    return found
