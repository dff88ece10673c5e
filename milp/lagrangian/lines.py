"""Which pairs of group and batch type can have a negative priced cost: few, found without looking at all.

Types of one stream, stage and shape prompt that share their prompt bound form a *line*: their gen bounds are
nested. A group fits a line's types from its own gen bound on, and where their unit costs ascend, its priced
cost is negative up to some type of the line. So a group's negative pairs lie in one interval of the line.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from instances.batch_model import BatchModel

Array = npt.NDArray[Any]
Ints = npt.NDArray[np.int64]

PAIRS_AT_ONCE = 1 << 20
"""Pairs that are handled together; all pairs of a line are, however many."""


class Lines:
    """The lines of a batch model."""

    def __init__(self, model: BatchModel) -> None:
        types, groups = model.types, model.groups
        declared = np.asarray([(s.prompt, s.batch) for s in types.shapes], dtype=np.int64).reshape(-1, 2)
        keys = (types.stream, types.stage, types.prompt, *declared[types.shape].T)
        self.order: Ints = np.lexsort((types.gen, *keys[::-1]))
        changed = np.zeros(len(types), dtype=bool)
        changed[:1] = True
        for key in keys:
            changed[1:] |= np.diff(key[self.order]) != 0
        self.start: Ints = np.append(np.flatnonzero(changed), len(types))
        self.groups: list[slice] = []
        self.first: list[Ints] = []
        for begin, end in zip(self.start[:-1].tolist(), self.start[1:].tolist(), strict=True):
            line = self.order[begin:end]
            of_stream = groups.of_stream(int(types.stream[line[0]]))
            reach = np.searchsorted(groups.prompt[of_stream], types.prompt[line[0]], side="right")
            mine = slice(of_stream.start, of_stream.start + int(reach))
            self.groups.append(mine)
            self.first.append(begin + np.searchsorted(types.gen[line], groups.gen[mine]))

    def pairs(self, unit: Array, gain: Array) -> Iterator[tuple[Ints, Ints]]:
        """Yield all pairs that fit with unit cost under the gain, and perhaps others that fit, in blocks.

        Parameters
        ----------
        unit
            Shape (types,).
        gain
            Shape (groups,).

        Yields
        ------
        (types, groups)
            Shape (pairs,) each. All pairs of a type are in one block.
        """
        ordered = unit[self.order]
        found: list[tuple[Ints, Ints, Ints]] = []
        size = 0
        for number, mine in enumerate(self.groups):
            begin, end = self.start[number], self.start[number + 1]
            # Where unit costs do not ascend, the least of those behind takes their place.
            ascending = np.minimum.accumulate(ordered[begin:end][::-1])[::-1]
            first = self.first[number]
            length = begin + np.searchsorted(ascending, gain[mine]) - first
            some = np.flatnonzero(length > 0)
            if not len(some):
                continue
            found.append((some + mine.start, first[some], length[some]))
            size += int(length[some].sum())
            if size >= PAIRS_AT_ONCE:
                yield self._spread(found)
                found, size = [], 0
        if found:
            yield self._spread(found)

    def _spread(self, found: list[tuple[Ints, Ints, Ints]]) -> tuple[Ints, Ints]:
        """Return the pairs of intervals: group, place of its first type, number of types."""
        groups, first, length = (np.concatenate(parts) for parts in zip(*found, strict=True))
        skipped = np.cumsum(length) - length
        place = np.arange(int(length.sum())) + np.repeat(first - skipped, length)
        return self.order[place], np.repeat(groups, length)


@lru_cache(maxsize=4)
def lines_of(model: BatchModel) -> Lines:
    """Return the lines of a batch model, kept for the models in use."""
    return Lines(model)
