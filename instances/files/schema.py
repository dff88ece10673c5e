"""The layout of an instance file; `docs/instance-file.md` describes it for people."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Any, Literal

import msgspec

from instances.demand import MAX_TOKENS
from instances.files.numbers import decimal_hook, exact
from instances.files.rows import Count, RequestId, RequestRow, Tokens
from instances.objective import MINIMIZED, Minimized

FORMAT = "batchproof-instance/1"
Size = Annotated[int, msgspec.Meta(ge=1, le=MAX_TOKENS)]
Key = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Power = Annotated[int, msgspec.Meta(ge=0, le=4)]
ZERO = Fraction(0)
ZEROS = (ZERO, ZERO, ZERO)


class Table(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Base of every object in the file: a field that is not in the schema is an error."""


class SourceTable(Table, frozen=True):
    """Requests of a stream as columns, or the name of a file beside the instance."""

    file: str | None = None
    prompt_len: list[Tokens] | None = None
    gen_len: list[Tokens] | None = None
    ids: list[RequestId] | None = None
    count: list[Count] | None = None


class LimitsTable(Table, frozen=True):
    """Limits of a stream or of the instance; `latency` maps ``pNN`` to milliseconds."""

    cost: Fraction | None = None
    pad_ratio: Fraction | None = None
    latency: dict[str, Fraction] = {}
    total_time: Fraction | None = None
    batches: Count | None = None
    max_batch_size: Size | None = None
    max_batch_tokens: Count | None = None


class StreamTable(Table, frozen=True):
    """One stream."""

    name: Key
    requests: SourceTable | list[RequestRow]
    limits: LimitsTable = LimitsTable()


class SizesTable(Table, frozen=True):
    """Allowed sizes of one dimension."""

    granularity: Size | None = None
    values: tuple[Size, ...] | None = None


class ShapesTable(Table, frozen=True):
    """Compiled dimensions."""

    prompt: SizesTable
    gen: SizesTable | None = None
    batch: SizesTable | None = None


class WorkTable(Table, frozen=True):
    """Coefficients of prefill and decode, highest power first."""

    prefill: tuple[Fraction, Fraction, Fraction] = ZEROS
    decode: tuple[Fraction, Fraction, Fraction] = ZEROS


class TermTable(Table, frozen=True):
    """One term of the compile cost."""

    coefficient: Fraction
    prompt: Power = 0
    gen: Power = 0
    batch: Power = 0


class CountTable(Table, frozen=True):
    """Cost of the number of shapes."""

    quadratic: Fraction = ZERO
    table: tuple[Fraction, ...] = ()


class CostTable(Table, frozen=True):
    """Cost model."""

    work: WorkTable = WorkTable()
    batch: Fraction = ZERO
    base: Fraction = ZERO
    compile: tuple[TermTable, ...] = ()
    compile_per: Literal["stream", "once"] = "stream"
    count: CountTable = CountTable()


class TimeTable(Table, frozen=True):
    """Time model."""

    work: WorkTable = WorkTable()
    batch: Fraction = ZERO
    cold_start: Fraction = ZERO


class RunsTable(Table, frozen=True):
    """Which length each phase runs at."""

    prefill_at: Literal["request", "shape"] = "request"
    decode_at: Literal["batch", "shape"] = "batch"
    gen_at: Literal["batch", "shape"] = "batch"
    batch_at: Literal["actual", "shape"] = "actual"


class KeysTable(Table, frozen=True):
    """Spelling of shapes in plan files."""

    prompt: Key = "prompt"
    gen: Key = "gen"
    batch: Key = "batch"
    constants: dict[Key, int] = {}


class InstanceTable(Table, frozen=True):
    """The whole file."""

    format: str
    streams: list[StreamTable]
    shapes: ShapesTable
    name: Key | None = None
    cost: CostTable = CostTable()
    time: TimeTable = TimeTable()
    runs: RunsTable = RunsTable()
    limits: LimitsTable = LimitsTable()
    max_shapes: Size | None = None
    pad_over: Literal["real", "padded"] = "real"
    latency: Literal["service", "completion"] = "service"
    workers: Size = 1
    minimize: Minimized = "cost"
    shape_keys: KeysTable = KeysTable()


CHOICES = {
    "prefill_at": ("request", "shape"),
    "decode_at": ("batch", "shape"),
    "gen_at": ("batch", "shape"),
    "batch_at": ("actual", "shape"),
    "compile_per": ("stream", "once"),
    "pad_over": ("real", "padded"),
    "latency": ("service", "completion"),
    "minimize": MINIMIZED,
}
"""Allowed words by field, for messages."""


def _from_json(wanted: type[Any], value: object) -> object:
    if wanted is Fraction:
        return exact(value)
    raise NotImplementedError(wanted)


def instance_decoder() -> msgspec.json.Decoder[InstanceTable]:
    """Return a decoder of instance files that keeps every number exact."""
    return msgspec.json.Decoder(InstanceTable, dec_hook=_from_json, float_hook=decimal_hook)
