"""A text file as blocks of whole lines, plain or gzip, in bounded memory."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, Protocol

from instances.errors import InputError

BLOCK_BYTES = 2**22
"""Bytes read at a time: large enough for fast parsers, small beside the columns of a long trace."""

MAX_LINE_BYTES = 2**26
"""Longest line; a file without line ends must not be loaded whole."""

_GZIP_MAGIC = b"\x1f\x8b"
_BOM = b"\xef\xbb\xbf"


class _Source(Protocol):
    def read(self, size: int, /) -> bytes: ...


class Block(NamedTuple):
    """Whole lines; `line` is the number of the first, from 1. Only the file's last line may lack its end."""

    line: int
    data: bytes


def read_blocks(path: str | Path) -> Iterator[Block]:
    """Yield the file's lines in order, without a byte order mark; nothing for an empty file.

    Raises
    ------
    InputError
        If the file cannot be read, is damaged gzip, or has a line of more than `MAX_LINE_BYTES`.
    """
    line = 1
    try:
        with open(path, "rb") as raw:
            packed = raw.peek(2)[:2] == _GZIP_MAGIC
            for data in _whole_lines(gzip.GzipFile(fileobj=raw) if packed else raw):
                yield Block(line, data.removeprefix(_BOM) if line == 1 else data)
                line += data.count(b"\n")
    except InputError as error:
        raise error.located(file=path) from None
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InputError("a whole gzip file", str(error), file=path) from None
    except FileNotFoundError:
        raise InputError("a file", "none of this name", file=path) from None
    except IsADirectoryError:
        raise InputError("a file", "a folder", file=path) from None
    except (OSError, ValueError) as error:
        raise InputError(
            "a readable file", getattr(error, "strerror", None) or str(error), file=path
        ) from None


def _whole_lines(source: _Source) -> Iterator[bytes]:
    pending: list[bytes] = []
    size = 0
    while piece := source.read(BLOCK_BYTES):
        end = piece.rfind(b"\n") + 1
        if end:
            yield b"".join([*pending, piece[:end]])
            pending, size = [], 0
        pending.append(piece[end:])
        size += len(piece) - end
        if size > MAX_LINE_BYTES:
            raise InputError(f"lines of at most {MAX_LINE_BYTES} bytes", "a longer one")
    if rest := b"".join(pending):
        yield rest


def is_plain_text(data: bytes) -> bool:
    """Tell whether `data` is UTF-8 without NUL bytes."""
    if b"\0" in data:
        return False
    if data.isascii():
        return True
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
