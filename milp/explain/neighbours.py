"""Which moves could mend a plan: around the batches that add most to what is missed."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from heuristics.errors import Uncoverable
from heuristics.room import batch_sizes, smallest_shape
from instances.instance import Instance
from instances.named_limits import SHAPES, LimitName
from instances.shapes import Shape
from milp.explain.moves import Batch, Batches, Entries, Move

CUTS = 6
"""Places at which a batch is cut, by prompt and by gen each."""
PARTNERS = 6
"""Batches into which requests are moved."""

Lengths = tuple[int, int]


class Neighbours:
    """The moves around some batches of a plan.

    Parameters
    ----------
    instance
        The problem.
    batches
        The plan as it is.
    """

    def __init__(self, instance: Instance, batches: Batches) -> None:
        self.instance, self.batches = instance, batches
        self.shapes = sorted({batch.shape for batch in batches.values()})
        self.longest = {label: self._longest(batch.stream, batch.entries) for label, batch in batches.items()}

    def moves(self, label: str, missed: list[LimitName]) -> Iterator[Move]:
        """Yield the moves around one batch.

        Parameters
        ----------
        label
            The batch.
        missed
            The limits that are missed.
        """
        yield from self._splits(label)
        yield from self._transfers(label)
        yield from self._reshapes(label)
        if self.instance.latency == "completion":
            yield Move("", "", (), first=label)
        if any(name.metric == SHAPES for name in missed):
            yield from self._closings(label)

    def _splits(self, label: str) -> Iterator[Move]:
        """Yield cuts between the lengths of a batch; the smaller part goes."""
        batch = self.batches[label]
        for axis in (1, 0):
            ordered = self._ordered(batch, axis)
            cuts = range(1, len(ordered))
            if len(ordered) - 1 > CUTS:
                cuts_at = np.linspace(1, len(ordered) - 1, CUTS).round().astype(int).tolist()
                cuts = sorted(set(cuts_at))  # type: ignore[assignment]
            for cut in cuts:
                yield from self._split(label, (ordered[:cut], ordered[cut:]))
        if len(batch.entries) == 1 and batch.size > 1:
            row, count = batch.entries[0]
            yield from self._split(label, (((row, count // 2),), ((row, count - count // 2),)))

    def _split(self, label: str, parts: tuple[Entries, Entries]) -> Iterator[Move]:
        batch = self.batches[label]
        sizes = [sum(count for _, count in part) for part in parts]
        gone, kept = (0, 1) if sizes[0] <= sizes[1] else (1, 0)
        new = self._new_label(label)
        own = [self._tight(batch, part) for part in parts]
        choices = {
            (batch.shape, batch.shape),
            (own[gone], batch.shape),
            (batch.shape, own[kept]),
            (own[gone], own[kept]),
        }
        for of_new, of_old in sorted(choices):
            shapes = [(new, of_new), (label, of_old)]
            changed = tuple((name, shape) for name, shape in shapes if shape != batch.shape)
            yield Move(label, new, parts[gone], changed)

    def _transfers(self, label: str) -> Iterator[Move]:
        """Yield requests, or all of them, that go to a batch that runs as long or nearly as long."""
        batch = self.batches[label]
        taken = {(entry,) for axis in (0, 1) for entry in self._ordered(batch, axis)[-2:]}
        taken |= {((row, 1),) for ((row, _),) in taken}
        for part in sorted(taken | {batch.entries}):
            longest = self._longest(batch.stream, part)
            for partner in self._partners(label, longest):
                shape = self.batches[partner].shape
                if self._holds(shape, longest):
                    yield Move(label, partner, part)
                elif self._holds(batch.shape, self.longest[partner]):
                    yield Move(label, partner, part, ((partner, batch.shape),))

    def _reshapes(self, label: str) -> Iterator[Move]:
        batch = self.batches[label]
        shapes = {shape for shape in self.shapes if self._holds(shape, self.longest[label])}
        for shape in sorted((shapes | {self._tight(batch, batch.entries)}) - {batch.shape}):
            yield Move("", "", (), ((label, shape),))

    def _closings(self, label: str) -> Iterator[Move]:
        """Yield other shapes for all batches of this batch's shape, so that it is not needed any more."""
        closed = self.batches[label].shape
        members = [name for name, batch in self.batches.items() if batch.shape == closed]
        prompts, gens = zip(*(self.longest[name] for name in members), strict=True)
        longest = max(prompts), max(gens)
        most = max(self.batches[name].size for name in members)
        for shape in self.shapes:
            if shape != closed and self._holds(shape, longest) and (not shape.batch or most <= shape.batch):
                yield Move("", "", (), tuple((name, shape) for name in members))

    def _partners(self, label: str, longest: Lengths) -> list[str]:
        """Return the batches of the stream whose own lengths are nearest to those of some requests."""
        stream = self.batches[label].stream

        def distance(other: str) -> int:
            own = self.longest[other]
            return sum(abs(own[axis] - longest[axis]) for axis in (0, 1))

        others = [name for name, batch in self.batches.items() if batch.stream == stream and name != label]
        return sorted(others, key=distance)[:PARTNERS]

    def _tight(self, batch: Batch, part: Entries) -> Shape:
        """Return the smallest shape for a part of a batch; its own if there is none smaller."""
        longest = self._longest(batch.stream, part)
        size = sum(count for _, count in part)
        slots = next((slots for slots in batch_sizes(self.instance) if slots >= size), batch.shape.batch)
        try:
            return smallest_shape(self.instance, *longest, slots if batch.shape.batch else 0)
        except Uncoverable:
            return batch.shape

    def _holds(self, shape: Shape, longest: Lengths) -> bool:
        return shape.prompt >= longest[0] and (self.instance.shapes.gen is None or shape.gen >= longest[1])

    def _longest(self, stream: int, entries: Entries) -> Lengths:
        demand = self.instance.streams[stream].demand
        return (
            max(int(demand.prompt[row]) for row, _ in entries),
            max(int(demand.gen[row]) for row, _ in entries),
        )

    def _ordered(self, batch: Batch, axis: int) -> Entries:
        demand = self.instance.streams[batch.stream].demand
        lengths = demand.gen if axis else demand.prompt
        return tuple(sorted(batch.entries, key=lambda entry: int(lengths[entry[0]])))

    def _new_label(self, label: str) -> str:
        number = 2
        while f"{label}/{number}" in self.batches:
            number += 1
        return f"{label}/{number}"
