"""Traces of real traffic: one reader per format, all returning columns."""

from __future__ import annotations

from pathlib import Path

from instances.errors import InputError
from instances.traces import azure, bailian, burstgpt, jsonl, llmservingsim, mooncake, terminal_bench, vidur
from instances.traces.formats import Format
from instances.traces.trace import DropReport, Trace, TraceStream

FORMATS: dict[str, Format] = {
    "azure": azure.FORMAT,
    "burstgpt": burstgpt.FORMAT,
    "mooncake": mooncake.FORMAT,
    "vidur": vidur.FORMAT,
    "bailian": bailian.FORMAT,
    "llmservingsim": llmservingsim.FORMAT,
    "jsonl": jsonl.FORMAT,
    "terminal-bench": terminal_bench.FORMAT,
}
"""Format name to format."""


def trace_format(name: str) -> Format:
    """Return the format of this name.

    Raises
    ------
    InputError
        If there is none.
    """
    if name not in FORMATS:
        raise InputError(f"one of {', '.join(FORMATS)}", name, field="format")
    return FORMATS[name]


def read_trace(
    path: str | Path, format: str, *, arrivals: bool = True, first: int | None = None
) -> tuple[TraceStream, ...]:
    """Read a trace.

    Parameters
    ----------
    path
        A file, plain or gzip; a folder for ``terminal-bench``.
    format
        A key of `FORMATS`.
    arrivals
        Whether arrival times are parsed; without them reading is faster.
    first
        Keep only so many requests of each stream; None keeps all.

    Raises
    ------
    InputError
        If the trace cannot be read, is malformed, or has a stream without a request.
    """
    return trace_format(format).streams(path, arrivals=arrivals, first=first)


__all__ = ["FORMATS", "DropReport", "Format", "Trace", "TraceStream", "read_trace", "trace_format"]
