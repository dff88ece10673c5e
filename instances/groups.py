"""Groups: requests that no plan needs to tell apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from instances.instance import Instance

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Groups:
    """Requests of equal (stream, aligned prompt, gen), in this order.

    The gen length is aligned too where decoding runs at the shape's. Cost, padding and latency of a request
    depend on its own exact lengths through constants only, so requests of one group are interchangeable.

    Attributes
    ----------
    stream, prompt, gen
        int64, shape (groups,): stream index, aligned prompt, and (aligned) gen length, in tokens.
    count
        int64, shape (groups,): requests in the group.
    row_group
        For each stream, int64 of shape (rows,): the group of each row of its demand.
    start
        int64, shape (streams + 1,): groups of stream k are ``start[k]:start[k + 1]``.
    """

    stream: Ints
    prompt: Ints
    gen: Ints
    count: Ints
    row_group: tuple[Ints, ...]
    start: Ints

    def __len__(self) -> int:
        return len(self.count)

    def of_stream(self, stream: int) -> slice:
        """Return the groups of a stream as a slice."""
        return slice(int(self.start[stream]), int(self.start[stream + 1]))


def form_groups(instance: Instance) -> Groups:
    """Group the requests of an instance."""
    parts: list[tuple[Ints, Ints, Ints, Ints]] = []
    row_group: list[Ints] = []
    start = [0]
    for index, stream in enumerate(instance.streams):
        demand = stream.demand
        prompt = instance.shapes.prompt.align(demand.prompt)
        gen = demand.gen
        if instance.runs.gen_at == "shape" and instance.shapes.gen is not None:
            gen = instance.shapes.gen.align(gen)
        order = np.lexsort((gen, prompt))
        change = (np.diff(prompt[order]) != 0) | (np.diff(gen[order]) != 0)
        number = np.concatenate([[0], np.cumsum(change)]).astype(np.int64)
        of_row = np.empty(demand.rows, dtype=np.int64)
        of_row[order] = number
        first = order[np.concatenate([[0], np.flatnonzero(change) + 1])]
        count = np.zeros(len(first), dtype=np.int64)
        np.add.at(count, of_row, demand.count)
        parts.append((np.full(len(first), index, dtype=np.int64), prompt[first], gen[first], count))
        row_group.append(of_row + start[-1])
        start.append(start[-1] + len(first))
    of_stream, prompt, gen, count = (np.concatenate(column) for column in zip(*parts, strict=True))
    ends = np.asarray(start, dtype=np.int64)
    return Groups(of_stream, prompt, gen, count, tuple(row_group), ends)
