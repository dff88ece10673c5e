"""Files that appear complete or not at all."""

from __future__ import annotations

import gzip
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from instances.errors import InputError


@contextmanager
def atomic_write(path: str | Path) -> Iterator[IO[bytes]]:
    """Open a binary file that takes the place of `path` when the block ends without an error.

    The bytes go to a temporary file in the same folder, gzipped if the name ends in ``.gz``; equal bytes give
    equal files.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    target = Path(path)
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}.tmp")
    if target.is_dir():
        raise InputError("a file to write to", "a directory", file=target)
    try:
        try:
            with open(temporary, "xb") as raw:
                if target.suffix == ".gz":
                    with gzip.GzipFile("", "wb", 6, raw, mtime=0) as packed:
                        yield cast(IO[bytes], packed)
                else:
                    yield raw
            os.replace(temporary, target)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise InputError(
            "a place that can be written to", error.strerror or str(error), file=target
        ) from None
