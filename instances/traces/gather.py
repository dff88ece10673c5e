"""From lines to a trace: block after block, dropping failed requests and naming malformed ones."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from instances.errors import InputError
from instances.traces.blocks import Block, is_plain_text, read_blocks
from instances.traces.layout import Columns, Layout, Parser, zero_reason
from instances.traces.trace import DropReport, Trace


def gather(path: str | Path, parser: Parser, layout: Layout, first: int | None = None) -> Trace:
    """Read a trace from a file.

    Parameters
    ----------
    path
        Plain or gzip.
    parser
        A fresh parser of the file's lines.
    layout
        What the lines hold.
    first
        Stop after so many requests have been kept; what follows in the file is not looked at.

    Raises
    ------
    InputError
        If the file cannot be read, a line is malformed, or no request is left.
    """
    if first is not None and first < 1:
        raise InputError("an integer of at least 1", first, field="first")
    parts: list[Columns] = []
    report = DropReport()
    for block in _blocks_of_requests(path, parser):
        columns, error = _parse(parser, block)
        left = None if first is None else first - report.kept
        kept, account = _drop_failed(columns, layout, left)
        parts.append(kept)
        report += account
        if first is not None and report.kept == first:
            break
        if error is not None:
            raise error.located(file=path)
    if not report.kept:
        raise InputError("at least one request", str(report), file=path)
    return _joined(parts, report)


def _blocks_of_requests(path: str | Path, parser: Parser) -> Iterator[Block]:
    blocks = read_blocks(path)
    head = next(blocks, None)
    if head is None:
        raise InputError("a trace", "an empty file", file=path)
    try:
        rest = parser.begin(head)
    except InputError as error:
        raise error.located(file=path) from None
    if rest.data and not rest.data.isspace():
        yield rest
    yield from (block for block in blocks if not block.data.isspace())


def _parse(parser: Parser, block: Block) -> tuple[Columns, InputError | None]:
    """Return the block's requests, or those before its first malformed line and what is wrong there."""
    if is_plain_text(block.data):
        try:
            return parser.block(block.data), None
        except (ValueError, ArithmeticError):
            pass
    return _parse_lines(parser, block)


def _parse_lines(parser: Parser, block: Block) -> tuple[Columns, InputError | None]:
    rows = []
    failure = None
    for number, line in enumerate(block.data.split(b"\n"), start=block.line):
        if not line.strip():
            continue
        try:
            rows.append(parser.row(line.decode()))
        except UnicodeDecodeError:
            failure = InputError("text in UTF-8", repr(line[:40]), line=number)
        except InputError as error:
            failure = error.located(line=number)
        if failure is not None:
            break
    prompt, gen, arrival, ids = zip(*rows, strict=True) if rows else ((), (), (), ())
    timed = bool(rows) and arrival[0] is not None
    named = bool(rows) and ids[0] is not None
    columns = Columns(
        np.asarray(prompt, dtype=np.int64),
        np.asarray(gen, dtype=np.int64),
        np.asarray(arrival, dtype=np.int64) if timed else None,
        np.asarray(ids, dtype=object) if named else None,
    )
    return columns, failure


def _drop_failed(columns: Columns, layout: Layout, most: int | None) -> tuple[Columns, DropReport]:
    """Return the requests with a prompt and a generation, up to `most` of them, and the account."""
    no_gen = columns.gen == 0
    no_prompt = (columns.prompt == 0) & ~no_gen
    kept = np.flatnonzero(~(no_gen | no_prompt))
    read = len(columns.gen)
    if most is not None and len(kept) >= most:
        kept = kept[:most]
        read = int(kept[-1]) + 1
    reasons = ((layout.prompt, no_prompt), (layout.gen, no_gen))
    counts = {zero_reason(name): int(failed[:read].sum()) for name, failed in reasons}
    report = DropReport(read, len(kept), {reason: count for reason, count in counts.items() if count})
    return (columns if len(kept) == len(columns.gen) else columns.take(kept)), report


def _joined(parts: list[Columns], report: DropReport) -> Trace:
    # A block without a kept request carries no arrivals or ids when it was read line by line.
    filled = [part for part in parts if len(part.prompt)]
    arrivals = [part.arrival for part in filled if part.arrival is not None]
    ids = [part.ids for part in filled if part.ids is not None]
    return Trace(
        np.concatenate([part.prompt for part in filled]),
        np.concatenate([part.gen for part in filled]),
        np.concatenate(arrivals) if arrivals else None,
        np.concatenate(ids) if ids else None,
        report,
    )
