"""A plan: which requests share a batch, and which shape the batch runs in."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from instances.shapes import Shape
from instances.violations import Violation

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Plan:
    """Batches in plan order, each with what it holds; equal batches in a row are written once.

    Attributes
    ----------
    stream, prompt, gen, batch
        int64, shape (batches,): stream index and declared shape of each batch; 0 where a dimension is not
        compiled.
    copies
        int64, shape (batches,): how many equal batches the row stands for.
    entry_batch, entry_row, entry_count
        int64, shape (entries,): the batch, the row of its stream's demand, and the requests of that row in
        each copy, in plan order; `entry_batch` is non-decreasing.
    id_rank
        int64, shape (batches,): position of each batch in the order of batch ids (cold starts follow it).
    defects
        Structural violations that were found when the plan was read and that columns cannot express.
    names
        Batch ids of a plan that was read, shape (batches,); empty otherwise.
    """

    stream: Ints
    prompt: Ints
    gen: Ints
    batch: Ints
    copies: Ints
    entry_batch: Ints
    entry_row: Ints
    entry_count: Ints
    id_rank: Ints
    defects: tuple[Violation, ...] = field(default=())
    names: tuple[str, ...] = field(default=())

    def __len__(self) -> int:
        return len(self.stream)

    @cached_property
    def batches(self) -> int:
        """Number of batches, copies counted."""
        return sum(self.copies.tolist())

    @cached_property
    def sizes(self) -> Ints:
        """Requests in each copy of each batch: int64, shape (batches,)."""
        return _sum_by(self.entry_batch, self.entry_count, len(self))

    @cached_property
    def shapes(self) -> tuple[Shape, ...]:
        """The distinct shapes used, in ascending order."""
        triples = zip(self.prompt.tolist(), self.gen.tolist(), self.batch.tolist(), strict=True)
        return tuple(sorted({Shape(*triple) for triple in triples}))

    def label(self, batch: int) -> str:
        """Return what a batch is called in messages: its id where there is one, its index otherwise."""
        return self.names[batch] if self.names else str(batch)

    def ranked(self, id_rank: Ints) -> Plan:
        """Return the plan with another order of batch ids."""
        return replace(self, id_rank=id_rank)


def _sum_by(index: Ints, values: Ints, size: int) -> Ints:
    total = np.zeros(size, dtype=np.int64)
    np.add.at(total, index, values)
    return total
