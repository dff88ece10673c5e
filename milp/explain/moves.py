"""Small changes of a plan: a batch split, merged with another, requests moved, a shape exchanged."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from heuristics.cold import settle_cold_starts
from instances.groups import Groups
from instances.instance import Instance
from instances.plan import Plan
from instances.shapes import Shape

Entries = tuple[tuple[int, int], ...]
"""Rows of a stream's demand, and requests of each, in plan order."""


@dataclass(frozen=True)
class Batch:
    """One batch.

    Parameters
    ----------
    stream
        Stream index.
    shape
        What it declares.
    entries
        What it holds.
    rank
        Place in the order of batch ids, which cold starts follow.
    """

    stream: int
    shape: Shape
    entries: Entries
    rank: tuple[int, ...]

    @property
    def size(self) -> int:
        """Number of requests."""
        return sum(count for _, count in self.entries)


Batches = dict[str, Batch]
"""Batches by label, in plan order."""


@dataclass(frozen=True)
class Move:
    """Requests that go to another batch, batches that change their shape, or a batch that runs first.

    Parameters
    ----------
    source, target
        Labels; a target that there is not yet is a new batch, right after the source. Both empty if only
        shapes change.
    taken
        What goes over.
    reshaped
        Shapes that batches declare afterwards, by label.
    first
        Batch that runs before all others afterwards; empty for none.
    """

    source: str
    target: str
    taken: Entries
    reshaped: tuple[tuple[str, Shape], ...] = ()
    first: str = ""

    @property
    def requests(self) -> int:
        """Requests that change their batch."""
        return sum(count for _, count in self.taken)

    def apply(self, batches: Batches) -> Batches | None:
        """Return the batches after the move; None if it does not apply to them."""
        changed = dict(batches) if not self.source else self._moved(batches)
        if changed is None or any(label not in changed for label, _ in self.reshaped):
            return None
        for label, shape in self.reshaped:
            changed[label] = replace(changed[label], shape=shape)
        if self.first:
            if self.first not in changed:
                return None
            changed = {self.first: changed[self.first], **changed}
        return changed

    def _moved(self, batches: Batches) -> Batches | None:
        source = batches.get(self.source)
        rest = None if source is None else _less(source.entries, self.taken)
        if source is None or rest is None:
            return None
        changed: Batches = {}
        for label, batch in batches.items():
            if label == self.target:
                changed[label] = replace(batch, entries=_more(batch.entries, self.taken))
            elif label != self.source:
                changed[label] = batch
            elif rest:
                changed[label] = replace(batch, entries=rest)
            if label == self.source and self.target not in batches:
                changed[self.target] = replace(source, entries=self.taken, rank=(*source.rank, 1))
        return changed

    def changed_requests(self, batches: Batches) -> int:
        """Return how many requests run in another batch or shape than before."""
        reshaped = sum(
            batches[label].size
            for label, shape in self.reshaped
            if label in batches and batches[label].shape != shape
        )
        earlier = batches[self.first].size if self.first in batches else 0
        return max(self.requests, reshaped, earlier)

    def words(self, batches: Batches, after: Batches) -> str:
        """Return the move for people."""
        if self.first:
            return f"batch {self.first} ({batches[self.first].size:,} requests) run before all others"
        if not self.source:
            labels = ", ".join(label for label, _ in self.reshaped[:5])
            more = ", …" if len(self.reshaped) > 5 else ""
            return f"batch {labels}{more} in shape {self.reshaped[0][1]}"
        source = batches[self.source]
        held = f"{source.size:,} request{'s' if source.size > 1 else ''}"
        named = f"batch {self.source} ({held}, shape {source.shape})"
        if self.target not in batches:
            new = after[self.target]
            kept = source.size - self.requests
            shape = "" if new.shape == source.shape else f", the second in shape {new.shape}"
            return f"{named} split in two ({kept:,} + {self.requests:,} requests){shape}"
        if self.source not in after:
            return f"{named} merged into batch {self.target}"
        plural = "request" if self.requests == 1 else "requests"
        return f"{self.requests:,} {plural} of {named} moved to batch {self.target}"


def _less(entries: Entries, taken: Entries) -> Entries | None:
    """Return what is left of entries; None if there is less than is taken."""
    left = dict(entries)
    for row, count in taken:
        if left.get(row, 0) < count:
            return None
        left[row] -= count
    return tuple((row, left[row]) for row, _ in entries if left[row])


def _more(entries: Entries, added: Entries) -> Entries:
    held = dict(entries)
    for row, count in added:
        held[row] = held.get(row, 0) + count
    return tuple(held.items())


def batches_of(plan: Plan) -> Batches:
    """Return the batches of a plan, copies one by one."""
    starts = np.searchsorted(plan.entry_batch, np.arange(len(plan) + 1)).tolist()
    rows, counts = plan.entry_row.tolist(), plan.entry_count.tolist()
    batches: Batches = {}
    for index in range(len(plan)):
        held: Entries = ()
        for entry in range(starts[index], starts[index + 1]):
            held = _more(held, ((rows[entry], counts[entry]),))
        shape = Shape(int(plan.prompt[index]), int(plan.gen[index]), int(plan.batch[index]))
        for copy in range(int(plan.copies[index])):
            label = plan.label(index) if plan.copies[index] == 1 else f"{plan.label(index)}#{copy + 1}"
            rank = (int(plan.id_rank[index]), copy)
            batches[label] = Batch(int(plan.stream[index]), shape, held, rank)
    return batches


def plan_of_batches(instance: Instance, groups: Groups, batches: Batches, *, settle: bool = False) -> Plan:
    """Return the plan of some batches.

    Parameters
    ----------
    instance, groups
        The problem.
    batches
        In plan order.
    settle
        Whether to let cold starts fall where they do least harm, instead of where the order of ids says.
    """
    listed = list(batches.values())
    order = sorted(range(len(listed)), key=lambda index: listed[index].rank)
    id_rank = np.empty(len(listed), dtype=np.int64)
    id_rank[order] = np.arange(len(listed))
    shapes = np.asarray([batch.shape for batch in listed], dtype=np.int64).reshape(-1, 3)
    entries = [entry for batch in listed for entry in batch.entries]
    columns = np.asarray(entries, dtype=np.int64).reshape(-1, 2)
    plan = Plan(
        stream=np.asarray([batch.stream for batch in listed], dtype=np.int64),
        prompt=shapes[:, 0].copy(),
        gen=shapes[:, 1].copy(),
        batch=shapes[:, 2].copy(),
        copies=np.ones(len(listed), dtype=np.int64),
        entry_batch=np.repeat(np.arange(len(listed)), [len(batch.entries) for batch in listed]),
        entry_row=columns[:, 0].copy(),
        entry_count=columns[:, 1].copy(),
        id_rank=id_rank,
        names=() if settle else tuple(batches),
    )
    return settle_cold_starts(instance, groups, plan) if settle else plan
