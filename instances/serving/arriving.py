"""Arrivals from traces of real traffic, and classes for requests that have none."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from instances.errors import InputError
from instances.serving.arrivals import Arrivals
from instances.traces import DropReport, TraceStream, read_trace

Ints = npt.NDArray[np.int64]


def arrivals_of(streams: Sequence[TraceStream], *, file: str | Path | None = None) -> Arrivals:
    """Return the requests of all streams of a trace over time, all of class 0.

    Parameters
    ----------
    streams
        What `instances.traces.read_trace` returned.
    file
        Where they come from, for messages.

    Raises
    ------
    InputError
        If a stream has no arrival times, or they span more than can be counted in nanoseconds.
    """
    arrival = []
    for name, trace, _ in streams:
        if trace.arrival is None:
            raise InputError("a trace with arrival times", f"none in {name}", file=file)
        arrival.append(trace.arrival)
    prompt, gen = (
        np.concatenate([getattr(s.trace, column) for s in streams]) for column in ("prompt", "gen")
    )
    try:
        return Arrivals.of(np.concatenate(arrival), prompt, gen)
    except InputError as error:
        raise error.located(file=file) from None


def read_arrivals(path: str | Path, format: str, *, first: int | None = None) -> tuple[Arrivals, DropReport]:
    """Read a trace as requests over time.

    Parameters
    ----------
    path, format
        As in `instances.traces.read_trace`.
    first
        Keep only so many requests, the first in the file.

    Returns
    -------
    arrivals, report
        The requests in order of arrival, and what was read, kept and dropped.

    Raises
    ------
    InputError
        If the trace cannot be read or has no arrival times.
    """
    streams = read_trace(path, format, first=first)
    report = sum((stream.trace.report for stream in streams), DropReport())
    return arrivals_of(streams, file=path), report


def classes_by_prompt(prompt: Ints, edges: Sequence[int]) -> Ints:
    """Return the number of edges that each prompt reaches as its class: short prompts are the most urgent.

    Parameters
    ----------
    prompt
        int64, shape (requests,): tokens.
    edges
        Ascending prompt lengths.

    Raises
    ------
    InputError
        If the edges do not ascend.
    """
    if any(a >= b for a, b in pairwise(edges)):
        raise InputError("ascending edges", str(list(edges)), field="class edges")
    return np.searchsorted(np.asarray(edges, dtype=np.int64), prompt, side="right").astype(np.int64)
