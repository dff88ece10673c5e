"""From a trace of real traffic and a named machine to an instance."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path

from instances.demand import MAX_TOKENS
from instances.errors import InputError
from instances.instance import Instance, Stream
from instances.limits import Limits
from instances.presets import preset as machine_of
from instances.traces import DropReport, TraceStream, trace_format

Granularity = tuple[int, int | None]
"""Prompt and gen granularity in tokens; gen None where the preset decides."""

_GRANULARITY = re.compile(r"([0-9]{1,10})(?:[x×]([0-9]{1,10}))?", re.ASCII)
_SUFFIXES = (".gz", ".csv", ".jsonl", ".json")


def parse_granularity(text: str) -> Granularity:
    """Return ``(64, None)`` for ``64`` and ``(64, 32)`` for ``64x32``.

    Raises
    ------
    InputError
        If it is neither, or a size is out of range.
    """
    match = _GRANULARITY.fullmatch(text.strip().lower())
    sizes = [] if match is None else [int(size) for size in match.groups() if size is not None]
    if not sizes or any(not 1 <= size <= MAX_TOKENS for size in sizes):
        raise InputError("a granularity such as 64 or 64x32", repr(text), field="granularity")
    return sizes[0], sizes[1] if len(sizes) == 2 else None


def convert(
    path: str | Path,
    format: str,
    preset: str = "static-graph",
    *,
    granularity: Granularity = (64, None),
    count_cost: Fraction = Fraction(0),
    max_shapes: int | None = None,
    first: int | None = None,
    name: str | None = None,
) -> tuple[Instance, DropReport]:
    """Make an instance from a trace.

    Parameters
    ----------
    path
        The trace: a file, plain or gzip, or a folder for ``terminal-bench``.
    format
        A key of `instances.traces.FORMATS`.
    preset
        A key of `instances.presets.PRESETS`: the machine.
    granularity
        Prompt and, where gen is compiled, gen granularity in tokens.
    count_cost
        c of the cost c·n² of n shapes.
    max_shapes
        Most distinct shapes; None takes the format's own number, if it has one.
    first
        Keep only so many requests of each stream.
    name
        Name of the instance; None takes the trace's.

    Returns
    -------
    tuple
        The instance, and what was read and dropped over all streams. Requests keep their identifiers where
        the format has them. Limits that come with a format are kept if `preset` is the machine they are for.

    Raises
    ------
    InputError
        If the trace, or one of the options, cannot be used.
    """
    source = trace_format(format)
    machine = machine_of(preset, granularity, count_cost)
    if max_shapes is not None and max_shapes < 1:
        raise InputError("an integer of at least 1", max_shapes, field="max_shapes")
    read = source.streams(path, arrivals=False, first=first)
    bounded = preset == source.preset
    try:
        streams = tuple(_stream(part, part.limits if bounded else Limits()) for part in read)
        instance = Instance(
            name=name or trace_name(path),
            streams=streams,
            max_shapes=source.max_shapes if max_shapes is None else max_shapes,
            **machine,
        )
    except InputError as error:
        raise error.located(file=path) from None
    return instance, sum((part.trace.report for part in read), DropReport())


def trace_name(path: str | Path) -> str:
    """Return the file's or folder's name without its suffixes."""
    name = Path(path).resolve().name
    for suffix in _SUFFIXES:
        name = name.removesuffix(suffix)
    return name or "trace"


def _stream(part: TraceStream, limits: Limits) -> Stream:
    return Stream(part.name, part.trace.demand(), limits)
