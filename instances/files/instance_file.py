"""Reading an instance file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from instances.cost import CostModel, CountCost, Monomial, Phases, TimeModel
from instances.errors import InputError
from instances.files import schema
from instances.files.demand_file import read_demand
from instances.files.messages import decode
from instances.files.raw import read_text
from instances.files.rows import BadRow, RequestRow, RowCollector, Rows
from instances.instance import Instance, ShapeKeys, Stream
from instances.limits import LatencyLimit, Limits
from instances.shapes import RunRules, ShapeSpace, Sizes

MOST_REQUESTS = 10**18
"""Most requests of an instance: sums of counts fit int64."""

_PERCENTILE = re.compile(r"p([0-9]{1,3}(\.[0-9]{1,10})?)", re.ASCII)
_UNSAFE = re.compile(r"[/\\\x00-\x1f\x7f]")


def read(path: str | Path) -> Instance:
    """Read an instance from a JSON file, plain or gzipped.

    Parameters
    ----------
    path
        The file; requests may be in files beside it.

    Raises
    ------
    InputError
        If the file, or one that it names, is not what `docs/instance-file.md` says.
    """
    file = Path(path)
    return parse(read_text(file), file)


def parse(data: bytes, file: Path) -> Instance:
    """Return the instance in the content of a file.

    Parameters
    ----------
    data
        JSON, in UTF-8.
    file
        What errors call it, and beside which the files are that it names.

    Raises
    ------
    InputError
        As `read`.
    """
    _check_format(data, file)
    table = decode(schema.instance_decoder(), data, file, schema.CHOICES)
    try:
        _refuse_repeated_keys(data)
        return _instance(table, file)
    except InputError as error:
        raise error.located(file=file) from None


class _Header(msgspec.Struct):
    format: str


def _check_format(data: bytes, file: Path) -> None:
    # Before the rest: a file of another kind is told so, and not that its first field is unknown.
    header = decode(msgspec.json.Decoder(_Header), data, file)
    if header.format != schema.FORMAT:
        raise InputError(schema.FORMAT, header.format, file=file, field="format")


def _refuse_repeated_keys(data: bytes) -> None:
    def unique(pairs: list[tuple[str, Any]]) -> None:
        if len(pairs) > 1 and len({key for key, _ in pairs}) < len(pairs):
            keys = [key for key, _ in pairs]
            raise InputError("each field once", next(k for k in keys if keys.count(k) > 1))

    json.loads(data, object_pairs_hook=unique, parse_float=str)


def _instance(table: schema.InstanceTable, file: Path) -> Instance:
    name = table.name or file.name.removesuffix(".gz").removesuffix(".json") or "instance"
    _refuse_unsafe(name, "name")
    streams = tuple(_stream(entry, f"streams[{k}]", file) for k, entry in enumerate(table.streams))
    if sum(stream.demand.requests for stream in streams) > MOST_REQUESTS:
        raise InputError(f"at most {MOST_REQUESTS} requests", field="streams")
    return Instance(
        name=name,
        streams=streams,
        shapes=_shapes(table.shapes),
        cost=_cost(table.cost),
        time=TimeModel(_phases(table.time.work), table.time.batch, table.time.cold_start),
        runs=RunRules(**msgspec.structs.asdict(table.runs)),
        limits=_limits(table.limits, "limits"),
        max_shapes=table.max_shapes,
        pad_over=table.pad_over,
        latency=table.latency,
        workers=table.workers,
        minimize=table.minimize,
        shape_keys=_keys(table.shape_keys),
    )


def _stream(table: schema.StreamTable, place: str, file: Path) -> Stream:
    _refuse_unsafe(table.name, f"{place}.name")
    source = table.requests
    with _at(f"{place}.requests"):
        if isinstance(source, list):
            demand = _listed(source).demand()
        elif source.file is not None:
            if any(c is not None for c in (source.prompt_len, source.gen_len, source.ids, source.count)):
                raise InputError("either a file or columns")
            demand = read_demand(_beside(file, source.file))
        else:
            demand = _columns(source).demand()
        if not demand.rows:
            raise InputError("at least one request", "none")
    return Stream(table.name, demand, _limits(table.limits, f"{place}.limits"))


def _listed(rows: list[RequestRow]) -> Rows:
    collector = RowCollector()
    try:
        if rows:
            collector.add(rows)
    except BadRow as bad:
        index, error = bad.args
        raise error.located(field=f"[{index}]") from None
    return collector.rows()


def _columns(source: schema.SourceTable) -> Rows:
    if source.prompt_len is None or source.gen_len is None:
        raise InputError("a file, or columns prompt_len and gen_len")
    if source.ids is not None and source.count is not None:
        raise InputError("either ids or count")
    for name in ("gen_len", "ids", "count"):
        column = getattr(source, name)
        if column is not None and len(column) != len(source.prompt_len):
            raise InputError(f"{len(source.prompt_len)} values as in prompt_len", len(column), field=name)
    return Rows(
        np.array(source.prompt_len, dtype=np.int64),
        np.array(source.gen_len, dtype=np.int64),
        None if source.ids is None else np.array([str(name) for name in source.ids], dtype=object),
        None if source.count is None else np.array(source.count, dtype=np.int64),
    )


def _beside(file: Path, name: str) -> Path:
    # Resolved first: neither "..", nor an absolute path, nor a link may lead out of the folder.
    try:
        folder = file.resolve().parent
        inside = (folder / name).resolve().is_relative_to(folder)
    except (OSError, ValueError, RuntimeError):
        inside = False
    if not inside or Path(name).is_absolute():
        raise InputError("a file in the folder of the instance", name, file=file, field="file")
    return file.parent / name


def _limits(table: schema.LimitsTable, place: str) -> Limits:
    latency = []
    for key, most in table.latency.items():
        with _at(f"{place}.latency"):
            match = _PERCENTILE.fullmatch(key)
            if match is None:
                raise InputError("a percentile such as p95 or p99.9", key)
            latency.append(LatencyLimit(most, Fraction(match[1]) / 100))
    with _at(place):
        return Limits(
            table.cost,
            table.pad_ratio,
            tuple(latency),
            table.total_time,
            table.batches,
            table.max_batch_size,
            table.max_batch_tokens,
        )


def _shapes(table: schema.ShapesTable) -> ShapeSpace:
    def sizes(entry: schema.SizesTable, place: str) -> Sizes:
        with _at(place):
            return Sizes(entry.granularity, entry.values or ())

    def optional(entry: schema.SizesTable | None, place: str) -> Sizes | None:
        return None if entry is None else sizes(entry, place)

    with _at("shapes"):
        return ShapeSpace(
            sizes(table.prompt, "shapes.prompt"),
            optional(table.gen, "shapes.gen"),
            optional(table.batch, "shapes.batch"),
        )


def _cost(table: schema.CostTable) -> CostModel:
    with _at("cost"):
        return CostModel(
            _phases(table.work),
            table.batch,
            table.base,
            tuple(Monomial(t.coefficient, t.prompt, t.gen, t.batch) for t in table.compile),
            table.compile_per,
            CountCost(table.count.quadratic, table.count.table),
        )


def _phases(table: schema.WorkTable) -> Phases:
    return Phases(table.prefill, table.decode)


def _keys(table: schema.KeysTable) -> ShapeKeys:
    keys = [table.prompt, table.gen, table.batch, *table.constants]
    if len(set(keys)) < len(keys):
        raise InputError("distinct keys", ", ".join(keys), field="shape_keys")
    return ShapeKeys(table.prompt, table.gen, table.batch, tuple(table.constants.items()))


def _refuse_unsafe(name: str, field: str) -> None:
    if _UNSAFE.search(name):
        raise InputError("a name without slashes and control characters", repr(name), field=field)


@contextmanager
def _at(place: str) -> Iterator[None]:
    """Put the place in the instance file into errors that know at most a part of it."""
    try:
        yield
    except InputError as error:
        if error.file is not None and error.field != "file":
            raise
        own = error.field or ""
        field = place if not own else own if own.startswith(place) else f"{place}.{own}".replace(".[", "[")
        raise InputError(error.expected, error.found, file=error.file, line=error.line, field=field) from None
