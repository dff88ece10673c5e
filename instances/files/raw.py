"""Whole files as bytes, with every way in which that can fail said in one line."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path
from typing import IO, cast

from instances.errors import InputError

BOM = b"\xef\xbb\xbf"


def read_bytes(path: Path, most: int | None = None) -> bytes:
    """Return the content of a file, unpacked if its name ends in ``.gz``.

    Parameters
    ----------
    path
        The file.
    most
        Bytes to read at most, unpacked; None without a limit.

    Raises
    ------
    InputError
        If the file is missing, no file, unreadable, broken gzip, or larger than `most`.
    """
    if path.is_dir():
        raise InputError("a file", "a directory", file=path)
    try:
        if most is not None:
            return _read_some(path, most)
        data = path.read_bytes()
        return gzip.decompress(data) if path.suffix == ".gz" else data
    except FileNotFoundError:
        raise InputError("an existing file", file=path) from None
    except (EOFError, gzip.BadGzipFile, zlib.error):
        raise InputError("a complete gzip file", "a broken one", file=path) from None
    except InputError:
        raise
    except (OSError, ValueError) as error:
        raise InputError(
            "a readable file", getattr(error, "strerror", None) or str(error), file=path
        ) from None


def _read_some(path: Path, most: int) -> bytes:
    with open(path, "rb") as raw:
        # What is never unpacked needs no memory, however small the file that promises it.
        file: IO[bytes] = cast(IO[bytes], gzip.GzipFile(fileobj=raw)) if path.suffix == ".gz" else raw
        data = file.read(most + 1)
    if len(data) > most:
        raise InputError(f"at most {most} bytes, unpacked", "more", file=path)
    return data


def read_text(path: Path, most: int | None = None) -> bytes:
    """Return the content of a text file as UTF-8 without a byte order mark.

    Parameters
    ----------
    path
        The file.
    most
        Bytes to read at most, unpacked; None without a limit.

    Raises
    ------
    InputError
        If the file cannot be read, is empty, is not UTF-8, or larger than `most`.
    """
    data = read_bytes(path, most).removeprefix(BOM)
    if not data.strip():
        raise InputError("a file with content", "an empty file", file=path)
    if not data.isascii():
        try:
            data.decode("utf-8")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            raise InputError("UTF-8 text", f"byte 0x{data[error.start]:02x}", file=path, line=line) from None
    return data
