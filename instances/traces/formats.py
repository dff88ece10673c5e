"""The two kinds of trace formats whose trace is one file: tables and JSON Lines."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Protocol

from instances.traces.gather import gather
from instances.traces.layout import Layout
from instances.traces.objects import ObjectParser
from instances.traces.table import TableParser
from instances.traces.trace import Trace, TraceStream

STREAM = "requests"
"""Name of the stream of a trace that has only one."""


class Format(Protocol):
    """A trace format."""

    @property
    def summary(self) -> str:
        """One line for help texts."""

    @property
    def preset(self) -> str | None:
        """The preset that the format's limits are stated for; None if it has no limits."""

    @property
    def max_shapes(self) -> int | None:
        """Most distinct shapes that the format's problem allows; None for any number."""

    def streams(
        self, path: str | Path, *, arrivals: bool = True, first: int | None = None
    ) -> tuple[TraceStream, ...]:
        """Read all streams of a trace; `first` counts kept requests of each stream.

        Raises
        ------
        InputError
            If the trace cannot be read, is malformed, or has a stream without a request.
        """


@dataclass(frozen=True)
class TableFormat:
    """A trace as one CSV file.

    Parameters
    ----------
    summary
        One line for help texts.
    layout
        The columns.
    """

    summary: str
    layout: Layout
    preset: ClassVar[None] = None
    max_shapes: ClassVar[None] = None

    def read(self, path: str | Path, *, arrivals: bool = True, first: int | None = None) -> Trace:
        """Read the trace; without `arrivals` the times are not even parsed."""
        layout = self.layout if arrivals else self.layout.without_arrivals()
        return gather(path, TableParser(layout), layout, first)

    def streams(
        self, path: str | Path, *, arrivals: bool = True, first: int | None = None
    ) -> tuple[TraceStream, ...]:
        """Read the trace as one stream."""
        return (TraceStream(STREAM, self.read(path, arrivals=arrivals, first=first)),)


@dataclass(frozen=True)
class ObjectFormat:
    """A trace as one JSON Lines file.

    Parameters
    ----------
    summary
        One line for help texts.
    layout
        The fields of each object.
    """

    summary: str
    layout: Layout
    preset: ClassVar[None] = None
    max_shapes: ClassVar[None] = None

    def read(self, path: str | Path, *, arrivals: bool = True, first: int | None = None) -> Trace:
        """Read the trace; without `arrivals` the times are not even parsed."""
        layout = self.layout if arrivals else self.layout.without_arrivals()
        return gather(path, ObjectParser(layout), layout, first)

    def streams(
        self, path: str | Path, *, arrivals: bool = True, first: int | None = None
    ) -> tuple[TraceStream, ...]:
        """Read the trace as one stream."""
        return (TraceStream(STREAM, self.read(path, arrivals=arrivals, first=first)),)
