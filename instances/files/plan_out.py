"""Writing a plan file."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt

from instances.errors import InputError
from instances.files.atomic import atomic_write
from instances.instance import Instance
from instances.plan import Plan

Ints = npt.NDArray[np.int64]
_LINES = 1 << 16
_encode = msgspec.json.Encoder().encode


def write_plan(plan: Plan, instance: Instance, path: str | Path) -> None:
    """Write a plan as JSON Lines in plan order, gzipped if `path` ends in ``.gz``; all of it or nothing.

    Streams with request ids get a line per request, the ids of equal requests being handed out in order; the
    others a line per batch and lengths. Batch ids are numbered in the order of `Plan.id_rank`.

    Raises
    ------
    InputError
        If the plan serves requests that the instance does not have, or the file cannot be written.
    """
    shape = _shapes(plan, instance)
    start, width = _numbers(plan)
    with atomic_write(path) as out:
        # Runs of batches of one kind: with ids, or without.
        with_ids = np.array([stream.demand.ids is not None for stream in instance.streams])[plan.stream]
        given = _Ids(instance)
        for low, high in _runs(with_ids):
            make = _request_lines if with_ids[low] else _histogram_lines
            for lines in make(plan, instance, shape, start, width, low, high, given):
                out.write(b"".join(lines))


class _Ids:
    """Request ids of every row, and how many of them are handed out."""

    def __init__(self, instance: Instance) -> None:
        demands = [stream.demand for stream in instance.streams]
        rows = [d.rows if d.ids is not None else 0 for d in demands]
        self.offset = np.concatenate([[0], np.cumsum(rows)]).astype(np.int64)
        counts = [d.count for d in demands if d.ids is not None]
        self.count = np.concatenate([*counts, np.zeros(0, dtype=np.int64)])
        self._next = np.cumsum(self.count) - self.count
        self._end = np.cumsum(self.count)
        ids = [d.ids for d in demands if d.ids is not None]
        self._ids = np.concatenate([*ids, np.zeros(0, dtype=object)])

    def take(self, row: Ints) -> list[str]:
        """Return an id for each request of `row`, given as rows of all streams with ids."""
        order = np.argsort(row, kind="stable")
        values, first, count = np.unique(row[order], return_index=True, return_counts=True)
        within = np.arange(len(row)) - np.repeat(first, count)
        position = np.empty(len(row), dtype=np.int64)
        position[order] = np.repeat(self._next[values], count) + within
        self._next[values] += count
        if (self._next[values] > self._end[values]).any():
            raise InputError("a plan that serves every request at most once")
        ids: list[str] = self._ids[position].tolist()
        return ids


def _request_lines(
    plan: Plan,
    instance: Instance,
    shape: list[bytes],
    start: Ints,
    width: int,
    low: int,
    high: int,
    given: _Ids,
) -> Iterator[list[bytes]]:
    first = np.searchsorted(plan.entry_batch, np.arange(low, high))
    entries = np.searchsorted(plan.entry_batch, np.arange(low, high), side="right") - first
    copies = plan.copies[low:high]
    batch = np.repeat(np.arange(low, high), copies)
    number = start[batch] + _within(copies)
    length = np.repeat(entries, copies)
    entry = np.repeat(np.repeat(first, copies), length) + _within(length)
    count = plan.entry_count[entry]
    entry, number = np.repeat(entry, count), np.repeat(np.repeat(number, length), count)
    row = given.offset[plan.stream[plan.entry_batch[entry]]] + plan.entry_row[entry]
    names, of_batch, numbers = given.take(row), plan.entry_batch[entry].tolist(), number.tolist()
    line = b'{"request_id":%%b,"batch_id":"b-%%0%dd","shape":%%b}\n' % width
    for begin in range(0, len(names), _LINES):
        part = slice(begin, begin + _LINES)
        cells = zip(names[part], numbers[part], of_batch[part], strict=True)
        yield [line % (_encode(name), number, shape[b]) for name, number, b in cells]


def _histogram_lines(
    plan: Plan,
    instance: Instance,
    shape: list[bytes],
    start: Ints,
    width: int,
    low: int,
    high: int,
    given: _Ids,
) -> Iterator[list[bytes]]:
    left, right = np.searchsorted(plan.entry_batch, [low, high]).tolist()
    line = (
        b'{"stream":%%b,"prompt_len":%%d,"gen_len":%%d,"count":%%d,"batch_id":"b-%%0%dd","copies":%%d,"shape":%%b}\n'
        % width
    )
    names = [_encode(stream.name) for stream in instance.streams]
    prompts = [stream.demand.prompt.tolist() for stream in instance.streams]
    gens = [stream.demand.gen.tolist() for stream in instance.streams]
    stream, copies, first = plan.stream.tolist(), plan.copies.tolist(), start.tolist()
    for begin in range(left, right, _LINES):
        part = slice(begin, min(begin + _LINES, right))
        cells = zip(
            plan.entry_batch[part].tolist(),
            plan.entry_row[part].tolist(),
            plan.entry_count[part].tolist(),
            strict=True,
        )
        yield [
            line
            % (names[stream[b]], prompts[stream[b]][r], gens[stream[b]][r], n, first[b], copies[b], shape[b])
            for b, r, n in cells
        ]


def _shapes(plan: Plan, instance: Instance) -> list[bytes]:
    keys, space = instance.shape_keys, instance.shapes
    constants = dict(keys.constants)
    texts: dict[tuple[int, int, int], bytes] = {}
    triples = list(zip(plan.prompt.tolist(), plan.gen.tolist(), plan.batch.tolist(), strict=True))
    for prompt, gen, batch in set(triples):
        fields = {keys.prompt: prompt}
        if gen or space.gen is not None:
            fields[keys.gen] = gen
        if batch or space.batch is not None:
            fields[keys.batch] = batch
        texts[prompt, gen, batch] = _encode({**fields, **constants})
    return [texts[triple] for triple in triples]


def _numbers(plan: Plan) -> tuple[Ints, int]:
    """Return the number of the first copy of each batch, in the order of ids, and the digits needed."""
    # Rows of histograms may stand for very many copies; the numbers stay below 2**62 (see MOST_SERVED).
    order = np.argsort(plan.id_rank, kind="stable")
    copies = plan.copies[order]
    start = np.empty(len(plan), dtype=np.int64)
    start[order] = np.cumsum(copies) - copies
    return start, max(4, len(str(plan.batches)))


def _within(lengths: Ints) -> Ints:
    """Return 0 … n−1 for every n of `lengths`, one after another."""
    return np.arange(int(lengths.sum())) - np.repeat(np.cumsum(lengths) - lengths, lengths)


def _runs(flags: npt.NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """Yield the bounds of maximal runs of equal flags."""
    if len(flags):
        cuts = np.flatnonzero(np.diff(flags)) + 1
        bounds = [0, *cuts.tolist(), len(flags)]
        yield from pairwise(bounds)
