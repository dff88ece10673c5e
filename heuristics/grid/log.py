"""The log of a grid search: JSON Lines that survive being cut off at any moment.

The first line names the format and the instance; each further one is the record of a configuration, written
by one call at the end of the file. Whatever stops a run leaves at most the last line torn: it is mended when
the log is opened again. A lock, which ends with the process that holds it, keeps two runs apart.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from types import TracebackType

import msgspec

from heuristics.grid.record import Record
from instances.digest import digest
from instances.errors import InputError
from instances.files.jsonlines import blocks
from instances.instance import Instance

FORMAT = "batchproof-grid/1"


class Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The first line: format, name of the instance, and SHA-256 of the problem."""

    format: str
    instance: str
    digest: str


class GridLog:
    """An open log, to be used in a ``with`` block.

    Parameters
    ----------
    path
        The file; made if there is none.
    instance
        The instance that the log is of.

    Attributes
    ----------
    records
        What the log held when it was opened.

    Raises
    ------
    InputError
        If the file cannot be written, is no log, is another instance's, or is being written by another run.
    """

    def __init__(self, path: Path, instance: Instance) -> None:
        self.path = path
        header = Header(FORMAT, instance.name, digest(instance))
        try:
            self._file = open(path, "a+b", buffering=0)  # noqa: SIM115
        except OSError as error:
            raise InputError("a file to write a log to", error.strerror, file=path) from None
        try:
            self._lock()
            self.records = self._taken_up(header)
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> GridLog:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def append(self, record: Record) -> None:
        """Add a record, as a whole or not at all."""
        self._write(msgspec.json.encode(record) + b"\n")

    def _lock(self) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InputError("a log that no other run is writing to", file=self.path) from None

    def _taken_up(self, header: Header) -> tuple[Record, ...]:
        """Return the records of the file, with its end mended; begin it if it is new."""
        self._file.seek(0)
        data = self._file.readall() or b""
        first = msgspec.json.encode(header) + b"\n"
        if first.startswith(data) and data != first:
            self._file.truncate(0)
            self._write(first)
            return ()
        end = data.find(b"\n") + 1
        self._require(header, data[:end])
        whole = data.rfind(b"\n") + 1
        if whole < len(data):
            data = self._mended(data, whole)
        return tuple(record for rows in blocks(_RECORDS, _blanked(data, end), self.path) for record in rows)

    def _require(self, header: Header, line: bytes) -> None:
        """Refuse a first line that is not this instance's."""
        try:
            found = msgspec.json.decode(line, type=Header)
        except (msgspec.DecodeError, ValueError):
            raise InputError(f"a log of format {FORMAT}", file=self.path, line=1) from None
        if found.format != header.format:
            raise InputError(header.format, found.format, file=self.path, line=1, field="format")
        if found.digest != header.digest:
            raise InputError(
                f"a log of {header.instance}, digest {header.digest[:12]}",
                f"one of {found.instance}, digest {found.digest[:12]}",
                file=self.path,
                line=1,
            )

    def _mended(self, data: bytes, whole: int) -> bytes:
        """Complete a last line that lacks its end only, and cut off any other; return what the file holds."""
        try:
            _RECORDS.decode(data[whole:])
        except (msgspec.DecodeError, ValueError):
            self._file.truncate(whole)
            return data[:whole]
        self._write(b"\n")
        return data + b"\n"

    def _write(self, line: bytes) -> None:
        before = os.fstat(self._file.fileno()).st_size
        try:
            written = self._file.write(line) or 0
            while written < len(line):
                written += self._file.write(line[written:]) or 0
        except OSError as error:
            self._file.truncate(before)
            raise InputError("room for a log", error.strerror, file=self.path) from None


_RECORDS = msgspec.json.Decoder(Record)


def _blanked(data: bytes, end: int) -> bytes:
    """Return the data with the first line blank, so that records keep their line numbers in messages."""
    return b"\n" + data[end:]
