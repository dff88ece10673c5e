"""The public benchmark "LLM inference batching scheduler": a folder with two streams and their limits."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from instances.errors import InputError
from instances.limits import LatencyLimit, Limits
from instances.traces import jsonl
from instances.traces.trace import TraceStream


def _limits(cost: str, pad_ratio: str, p95: str, total_time: str) -> Limits:
    return Limits(
        cost=Fraction(cost),
        pad_ratio=Fraction(pad_ratio),
        latency=(LatencyLimit(Fraction(p95), Fraction(19, 20)),),
        total_time=Fraction(total_time),
    )


STREAMS = (
    ("bucket 1", "requests_bucket_1.jsonl", _limits("3.0e11", "0.055", "2.1e6", "2.7e8")),
    ("bucket 2", "requests_bucket_2.jsonl", _limits("4.8e10", "0.15", "2.1e5", "3.2e7")),
)
"""Name, file and limits of each stream."""


@dataclass(frozen=True)
class TerminalBench:
    """The format; a trace is a folder. Its limits hold for the machine of the benchmark alone."""

    summary: str = "folder with requests_bucket_1.jsonl and requests_bucket_2.jsonl"
    preset: str = "static-graph"
    max_shapes: int = 8

    def streams(
        self, path: str | Path, *, arrivals: bool = True, first: int | None = None
    ) -> tuple[TraceStream, ...]:
        """Read both streams; there are no arrivals."""
        folder = Path(path)
        if not folder.is_dir():
            found = "a file" if folder.exists() else "none of this name"
            raise InputError(
                f"a folder with {' and '.join(file for _, file, _ in STREAMS)}", found, file=path
            )
        return tuple(
            TraceStream(name, jsonl.FORMAT.read(folder / file, first=first), limits)
            for name, file, limits in STREAMS
        )


FORMAT = TerminalBench()
