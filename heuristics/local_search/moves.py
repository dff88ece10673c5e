"""Moves of requests between pools: merge two, split one, or let an entry of one go to another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from heuristics.local_search.ledger import Ledger
from heuristics.local_search.pools import Change, Pools
from instances.groups import Groups
from instances.instance import Instance

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

NEAR = 10
"""Pools on either side, in the order of gens and in that of prompts, that a pool may be merged with."""

TARGETS = 6
"""Pools that an entry may go to: those in which its requests are cheapest."""

TRANSFERRED = 1_500
"""Pools up to which single entries are moved; with more, merges and splits are work enough."""


@dataclass(frozen=True, eq=False)
class Moves:
    """Moves of one kind, each of which makes one or two pools of one or two others.

    Attributes
    ----------
    before
        int64, shape (moves, 2): pools concerned; −1 where there is no second one.
    entry
        int64, shape (moves,): the entry that goes from the first to the second, or −1.
    cut
        int64, shape (moves,): the entries of the first pool that are split off are those up to this place
        in the order of `order`, or −1.
    order
        int64, shape (entries,): entries pool by pool.
    shape, longest, requests
        int64, shapes (moves, 2, 3), (moves, 2, 2) and (moves, 2): the pools made; no requests where there is
        no second one.
    """

    before: Ints
    entry: Ints
    cut: Ints
    order: Ints
    shape: Ints
    longest: Ints
    requests: Ints

    def __len__(self) -> int:
        return len(self.before)

    def change(self, index: int, pools: Pools) -> Change:
        """Return a move as a change of pools."""
        first, second = self.before[index].tolist()
        shapes = [(int(p), int(g), int(b)) for p, g, b in self.shape[index].tolist()]
        if self.entry[index] >= 0:
            entry = self.entry[index : index + 1]
            rest = np.flatnonzero(pools.pool == first)
            rest = rest[rest != entry[0]]
            if not len(rest):
                return Change((entry,), (second,), (shapes[1],))
            return Change((rest, entry), (first, second), (shapes[0], shapes[1]))
        mine = np.flatnonzero(pools.pool == first)
        if self.cut[index] < 0:
            return Change((np.append(mine, np.flatnonzero(pools.pool == second)),), (first,), (shapes[0],))
        place = np.empty(len(self.order), dtype=np.int64)
        place[self.order] = np.arange(len(self.order))
        off = mine[place[mine] <= self.cut[index]]
        return Change((off, np.setdiff1d(mine, off)), (first, -1), (shapes[0], shapes[1]))


def every_kind(instance: Instance, groups: Groups, pools: Pools, ledger: Ledger) -> Iterator[Moves]:
    """Yield the moves of each kind."""
    yield _merges(instance, pools)
    for lengths in (pools.gen, pools.prompt):
        yield _splits(instance, pools, lengths)
    if len(pools) <= TRANSFERRED:
        yield _transfers(instance, pools, ledger)


def _tight(instance: Instance, shape: Ints, longest: Ints) -> Ints:
    """Return shapes as small as gens, where they are run as compiled, and prompts then allow."""
    if instance.runs.gen_at == "batch" or instance.shapes.gen is None:
        return shape
    tight = shape.copy()
    tight[..., 0], tight[..., 1] = longest[..., 0], instance.shapes.gen.align(longest[..., 1])
    return tight


def _merges(instance: Instance, pools: Pools) -> Moves:
    keys = []
    for axis in (0, 1):
        order = np.lexsort((pools.longest[:, 1 - axis], pools.longest[:, axis], pools.stream))
        for step in range(1, NEAR + 1):
            low, high = np.minimum(order[:-step], order[step:]), np.maximum(order[:-step], order[step:])
            keys.append(low * len(pools) + high)
    distinct = np.unique(np.concatenate(keys))
    before = np.column_stack([distinct // len(pools), distinct % len(pools)])
    before = before[pools.stream[before[:, 0]] == pools.stream[before[:, 1]]]
    first, second = before.T
    longest = np.maximum(pools.longest[first], pools.longest[second])
    shape = np.maximum(pools.shape[first], pools.shape[second])
    requests = pools.requests[first] + pools.requests[second]
    none = np.full(len(before), -1, dtype=np.int64)
    return _moves(instance, before, none, none, none, (shape, longest, requests), None)


def _splits(instance: Instance, pools: Pools, lengths: Ints) -> Moves:
    """Return the ways to split a pool in two at a length."""
    order = np.lexsort((lengths, pools.pool))
    pool, length = pools.pool[order], lengths[order]
    up, down = _running(pools, order), _running(pools, order[::-1])[::-1]
    # A cut after place k leaves the rest, which begins at k + 1.
    at = np.flatnonzero((pool[:-1] == pool[1:]) & (length[:-1] < length[1:]))
    low, high = up[at], down[at + 1]
    before = np.column_stack([pool[at], np.full_like(at, -1)])
    shape = pools.shape[pool[at]]
    none = np.full_like(at, -1)
    parts = (shape, low[:, :2], low[:, 2])
    return _moves(instance, before, none, at, order, parts, (shape, high[:, :2], high[:, 2]))


def _running(pools: Pools, order: Ints) -> Ints:
    """Return longest prompt and gen, and the requests, of each pool's entries up to each place."""
    pool = pools.pool[order]
    starts = np.concatenate([[True], np.diff(pool) != 0])
    part = np.cumsum(starts) - 1
    # Pools in the order met are lifted over each other, so that one running maximum serves all.
    columns = []
    for lengths in (pools.prompt[order], pools.gen[order]):
        lift = part * (int(lengths.max(initial=0)) + 1)
        columns.append(np.maximum.accumulate(lengths + lift) - lift)
    total = np.cumsum(pools.amount[order])
    begun = (total - pools.amount[order])[starts]
    return np.column_stack([*columns, total - begun[part]])


def _transfers(instance: Instance, pools: Pools, ledger: Ledger) -> Moves:
    """Return the ways to let an entry go to one of the pools in which it is cheapest."""
    price = np.where(np.isfinite(ledger.current[:, 0]), ledger.current[:, 0], 0) / pools.requests
    stream = pools.stream[pools.pool]
    found = []
    for k in range(len(instance.streams)):
        mine, entries = np.flatnonzero(pools.stream == k), np.flatnonzero(stream == k)
        for part in np.array_split(entries, -(-len(entries) * len(mine) // 2_000_000)):
            grown = (pools.prompt[part][:, None] > pools.longest[mine, 0]) | (
                pools.gen[part][:, None] > pools.longest[mine, 1]
            )
            unit = np.where(grown, price[mine] * 4, price[mine])
            unit[pools.pool[part][:, None] == mine] = np.inf
            best = np.argsort(unit, axis=1, kind="stable")[:, :TARGETS]
            pairs = np.column_stack([np.repeat(part, best.shape[1]), mine[best.ravel()]])
            found.append(pairs[pools.pool[pairs[:, 0]] != pairs[:, 1]])
    entry, second = np.concatenate(found).T
    first = pools.pool[entry]
    left = pools.requests[first] - pools.amount[entry]
    rest = (pools.shape[first], _without(pools)[entry], left)
    longest = np.maximum(pools.longest[second], np.column_stack([pools.prompt[entry], pools.gen[entry]]))
    shape = pools.shape[second].copy()
    shape[:, 0] = np.maximum(shape[:, 0], pools.prompt[entry])
    if instance.shapes.gen is not None:
        shape[:, 1] = np.maximum(shape[:, 1], instance.shapes.gen.align(pools.gen[entry]))
    grown = (shape, longest, pools.requests[second] + pools.amount[entry])
    none = np.full(len(entry), -1, dtype=np.int64)
    return _moves(instance, np.column_stack([first, second]), entry, none, none, rest, grown)


def _without(pools: Pools) -> Ints:
    """Return the longest prompt and gen of each entry's pool without it: int64, shape (entries, 2)."""
    columns = []
    for axis, lengths in enumerate((pools.prompt, pools.gen)):
        order = np.lexsort((lengths, pools.pool))
        pool = pools.pool[order]
        last = np.append(pool[1:] != pool[:-1], True)
        runner = np.zeros(len(pools), dtype=np.int64)
        inner = np.flatnonzero(last[1:] & ~last[:-1])
        runner[pool[inner]] = lengths[order][inner]
        longest = pools.longest[pools.pool, axis]
        top = np.zeros(len(order), dtype=bool)
        top[order[last]] = True
        columns.append(np.where(top, runner[pools.pool], longest))
    return np.column_stack(columns)


Made = tuple[Ints, Ints, Ints]


def _moves(
    instance: Instance, before: Ints, entry: Ints, cut: Ints, order: Ints, one: Made, other: Made | None
) -> Moves:
    shape, longest, requests = one
    if other is None:
        other = shape, longest, np.zeros_like(requests)
    shapes = [_tight(instance, part[0], part[1]) for part in (one, other)]
    return Moves(
        before,
        entry,
        cut,
        order,
        np.stack(shapes, axis=1),
        np.stack([longest, other[1]], axis=1),
        np.stack([requests, other[2]], axis=1),
    )
