"""Writing an instance file."""

from __future__ import annotations

import re
from contextlib import ExitStack
from dataclasses import asdict
from fractions import Fraction
from pathlib import Path
from typing import Any

import msgspec

from instances.cost import CostModel, Phases
from instances.demand import Demand
from instances.errors import InputError
from instances.files.atomic import atomic_write
from instances.files.demand_file import write_demand_lines
from instances.files.numbers import number
from instances.files.schema import FORMAT
from instances.instance import Instance, ShapeKeys
from instances.limits import LatencyLimit, Limits
from instances.shapes import ShapeSpace, Sizes

MOST_INLINE = 5000
"""Rows that a stream may have before its requests go to a file beside the instance."""

_ENCODER = msgspec.json.Encoder(decimal_format="number")


def write(instance: Instance, path: str | Path, *, inline: bool = False) -> None:
    """Write an instance as JSON, gzipped if `path` ends in ``.gz``; all of it or nothing.

    Parameters
    ----------
    inline
        Keep all requests in the one file; otherwise the requests of a stream with more than 5,000 rows go
        to a JSON Lines file beside it.

    Raises
    ------
    InputError
        If a file cannot be written.
    """
    target = Path(path)
    with ExitStack() as files:
        # Left in reverse order: the instance appears last, when all that it names is there.
        out = files.enter_context(atomic_write(target))
        compact: list[bytes] = []
        streams = []
        for index, stream in enumerate(instance.streams):
            requests: Any = f"\0{index}"
            if inline or _lines(stream.demand) <= MOST_INLINE:
                compact.append(_ENCODER.encode(_columns(stream.demand)))
            else:
                name = _sidecar(target, index, stream.name)
                write_demand_lines(stream.demand, files.enter_context(atomic_write(target.with_name(name))))
                compact.append(_ENCODER.encode({"file": name}))
            streams.append({"name": stream.name, "requests": requests, "limits": _limits(stream.limits)})
        text = msgspec.json.format(_ENCODER.encode(_fields(instance, streams)), indent=2)
        for index, value in enumerate(compact):
            text = text.replace(b'"\\u0000%d"' % index, value, 1)
        out.write(text + b"\n")


def _lines(demand: Demand) -> int:
    return demand.rows if demand.ids is None else demand.requests


def _sidecar(target: Path, index: int, stream: str) -> str:
    packed = ".gz" if target.suffix == ".gz" else ""
    stem = target.name.removesuffix(".gz").removesuffix(".json")
    slug = re.sub(r"[^A-Za-z0-9_-]+", "-", stream)[:60].strip("-")
    return f"{stem}.{index}-{slug}.jsonl{packed}"


def _columns(demand: Demand) -> dict[str, Any]:
    if demand.ids is None:
        lengths = {"prompt_len": demand.prompt.tolist(), "gen_len": demand.gen.tolist()}
        return {**lengths, "count": demand.count.tolist()}
    row = demand.row_of_ids()
    lengths = {"prompt_len": demand.prompt[row].tolist(), "gen_len": demand.gen[row].tolist()}
    return {**lengths, "ids": demand.ids.tolist()}


def _fields(instance: Instance, streams: list[dict[str, Any]]) -> dict[str, Any]:
    fields = {
        "format": FORMAT,
        "name": instance.name,
        "shapes": _shapes(instance.shapes),
        "cost": _cost(instance.cost),
        "time": {
            "work": _phases(instance.time.work),
            "batch": number(instance.time.batch),
            "cold_start": number(instance.time.cold_start),
        },
        "runs": asdict(instance.runs),
        "limits": _limits(instance.limits),
        "max_shapes": instance.max_shapes,
        "pad_over": instance.pad_over,
        "latency": instance.latency,
        "workers": instance.workers,
        "minimize": None if instance.minimize == "cost" else instance.minimize,
        "shape_keys": _keys(instance.shape_keys),
        "streams": streams,
    }
    return {name: value for name, value in fields.items() if value is not None}


def _shapes(shapes: ShapeSpace) -> dict[str, Any]:
    def sizes(value: Sizes) -> dict[str, Any]:
        return (
            {"values": list(value.values)}
            if value.granularity is None
            else {"granularity": value.granularity}
        )

    named = {"prompt": shapes.prompt, "gen": shapes.gen, "batch": shapes.batch}
    return {name: sizes(value) for name, value in named.items() if value is not None}


def _cost(cost: CostModel) -> dict[str, Any]:
    count: dict[str, Any] = {"quadratic": number(cost.count.quadratic)}
    if cost.count.table:
        count = {"table": [number(value) for value in cost.count.table]}
    return {
        "work": _phases(cost.work),
        "batch": number(cost.batch),
        "base": number(cost.base),
        "compile": [{**asdict(term), "coefficient": number(term.coefficient)} for term in cost.compile],
        "compile_per": cost.compile_per,
        "count": count,
    }


def _phases(work: Phases) -> dict[str, Any]:
    return {"prefill": [number(q) for q in work.prefill], "decode": [number(d) for d in work.decode]}


def _limits(limits: Limits) -> dict[str, Any]:
    fields: dict[str, Any] = {
        name: None if value is None else number(value)
        for name, value in (
            ("cost", limits.cost),
            ("pad_ratio", limits.pad_ratio),
            ("total_time", limits.total_time),
            ("batches", limits.batches),
            ("max_batch_size", limits.max_batch_size),
            ("max_batch_tokens", limits.max_batch_tokens),
        )
    }
    if limits.latency:
        fields["latency"] = {_percentile(limit): number(limit.most) for limit in limits.latency}
    return {name: value for name, value in fields.items() if value is not None}


def _percentile(limit: LatencyLimit) -> str:
    if Fraction(limit.name[1:]) / 100 != limit.quantile:
        raise InputError("a percentile of few decimals", str(limit.quantile * 100), field="latency")
    return limit.name


def _keys(keys: ShapeKeys) -> dict[str, Any]:
    return {**asdict(keys), "constants": dict(keys.constants)}
