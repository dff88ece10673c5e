"""Shortest paths through the few states that can still be on a path below a limit, with some lengths counted.

Successive sublimation dynamic programming (Ibaraki and Nakamura 1994; Tanaka, Fujikuma and Araki 2009): a
state whose shortest path, from the end over it to the beginning, reaches the limit is dropped, and what is
left is split up by how many requests of some more lengths were completed, until no path below the limit is
left or the shortest one is a schedule.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from milp.hindsight.rounds.backward import FAR, Backward, Counters
from milp.hindsight.rounds.problem import Ints


class Bound(Protocol):
    """Lower bounds on the way from a key to the beginning."""

    def at(self, layer: int, keys: Ints) -> Ints:
        """Return the bounds of keys of a layer; the keys may count more than the bound knows of."""


class TooManyNodes(ValueError):
    """More keys are left than the limit that was set."""


@dataclass(frozen=True, eq=False)
class Nodes:
    """Keys in ascending order, each with the length of a path, shape (nodes,)."""

    key: Ints
    value: Ints

    def find(self, key: Ints) -> Ints:
        """Return the values of keys, FAR for those that are not there."""
        if not len(self.key):
            return np.full(len(key), FAR, dtype=np.int64)
        place = np.minimum(np.searchsorted(self.key, key), len(self.key) - 1)
        return np.where(self.key[place] == key, self.value[place], FAR)


def _shortest(key: Ints, value: Ints) -> Nodes:
    """Return every key once, with the least of its values."""
    if not len(key):
        return Nodes(key, value)
    order = np.argsort(key, kind="stable")
    key, value = key[order], value[order]
    first = np.flatnonzero(np.diff(key, prepend=-1))
    return Nodes(key[first], np.minimum.reduceat(value, first))


def _together(parts: Iterable[Nodes]) -> Nodes:
    parts = list(parts)
    if not parts:
        return Nodes(np.empty(0, np.int64), np.empty(0, np.int64))
    return _shortest(np.concatenate([p.key for p in parts]), np.concatenate([p.value for p in parts]))


@dataclass(frozen=True, eq=False)
class CountedValues:
    """Length of the shortest path from each key that can be on a path below the limit.

    Parameters
    ----------
    counts
        What the keys count.
    layers
        The keys of each layer with their values.
    visited
        Number of keys that were reached before those on no path below the limit were dropped.
    """

    counts: Counters
    layers: list[Nodes]
    visited: int

    def at(self, layer: int, keys: Ints) -> Ints:
        """Return the values of keys that may count more, FAR for those on no path below the limit."""
        return self.layers[layer].find(keys % self.counts.keys)

    @property
    def whole(self) -> int:
        """Length of the shortest path if it is below the limit, FAR otherwise."""
        return int(self.layers[0].find(np.zeros(1, dtype=np.int64))[0])


def counted_values(program: Backward, counts: Counters, bound: Bound, limit: int, most: int) -> CountedValues:
    """Return the shortest paths from all keys that can be on a path shorter than `limit`.

    Parameters
    ----------
    bound
        Lower bounds on the way to the beginning, from fewer counters.
    limit
        In units of 1/denominator.
    most
        Largest number of keys.

    Raises
    ------
    TooManyNodes
        If more than `most` keys are reached.
    """
    sweep = _Sweep(program, counts, bound, limit)
    reached: list[Nodes] = []
    visited = 0
    for layer in range(program.layers):
        reached.append(sweep.reach(layer))
        visited += len(reached[-1].key)
        if visited > most:
            raise TooManyNodes(f"more than {most} states are left")
    values: list[Nodes] = [Nodes(n.key, n.value) for n in reached]
    for layer in range(program.layers - 1, -1, -1):
        nodes = sweep.settle(layer, reached[layer], values[layer + 1 :])
        keep = reached[layer].value + nodes.value < limit
        values[layer] = Nodes(nodes.key[keep], nodes.value[keep])
    return CountedValues(counts, values, visited)


class _Sweep:
    """One pass from the end to the beginning and one back.

    Within a layer a transition leads to a lower *rank*: in late layers one round back lowers the number of
    rounds until the state is empty, in early layers a completion raises the number of parts.
    """

    def __init__(self, program: Backward, counts: Counters, bound: Bound, limit: int) -> None:
        self.program, self.counts, self.bound = program, counts, bound
        self.limit = limit
        start = np.zeros(1, dtype=np.int64)
        self._incoming: list[list[Nodes]] = [[] for _ in range(program.layers + 1)]
        self._incoming[0].append(Nodes(start, start))

    def _late(self, layer: int) -> bool:
        return layer < self.program.first_early

    def _rank(self, layer: int, keys: Ints) -> Ints:
        state = keys % self.counts.states
        states = self.program.states
        return states.rounds[state] if self._late(layer) else states.parts.max() - states.parts[state]

    def _within(self, layer: int, nodes: Nodes) -> Nodes:
        """Return where one transition within the layer leads; the empty state of a late layer has none."""
        if not self._late(layer):
            return self._completed(layer, nodes)[0]
        busy = nodes.key % self.counts.states > 0
        key = self.program.one_back(self.counts, nodes.key[busy])
        return Nodes(key, nodes.value[busy] + layer * self.program.denominator)

    def _completed(self, layer: int, nodes: Nodes) -> tuple[Nodes, Ints]:
        """Return where a completion leads, and the row that it starts from."""
        pieces = []
        # In pieces: every key is tried with every length.
        for first in range(0, len(nodes.key), 2**16):
            some = self.program.additions(layer, self.counts, nodes.key[first : first + 2**16])
            origin = some.origin + first
            cost = 0 if self._late(layer) else self.program.round_of(layer) * self.program.denominator
            pieces.append((some.key, nodes.value[origin] + cost - some.price, origin))
        if not pieces:
            empty = np.empty(0, np.int64)
            return Nodes(empty, empty), empty
        key, value, origin = (np.concatenate(column) for column in zip(*pieces, strict=True))
        return Nodes(key, value), origin

    def _prune(self, layer: int, nodes: Nodes) -> Nodes:
        keep = nodes.value + self.bound.at(layer, nodes.key) < self.limit
        return Nodes(nodes.key[keep], nodes.value[keep])

    def reach(self, layer: int) -> Nodes:
        """Return the shortest paths from the end to the keys of a layer, and pass them on."""
        incoming = _together(self._incoming[layer])
        self._incoming[layer] = []
        rank = self._rank(layer, incoming.key)
        done, carried = [], Nodes(np.empty(0, np.int64), np.empty(0, np.int64))
        for level in range(int(rank.max(initial=-1)), -1, -1):
            here = rank == level
            nodes = _together([carried, Nodes(incoming.key[here], incoming.value[here])])
            done.append(nodes)
            carried = self._prune(layer, self._within(layer, nodes))
        nodes = _together(done)
        self._pass_on(layer, nodes)
        return nodes

    def _pass_on(self, layer: int, nodes: Nodes) -> None:
        program = self.program
        if not self._late(layer):
            if layer + 1 < program.layers:
                done = program.in_time(layer, self.counts, nodes.key)
                moved = Nodes(program.one_back(self.counts, nodes.key[done]), nodes.value[done])
                self._incoming[layer + 1].append(self._prune(layer + 1, moved))
            return
        if layer < program.groups.requests:
            self._incoming[layer + 1].append(self._prune(layer + 1, self._completed(layer, nodes)[0]))
        switch = program.switch_cost(layer)
        if switch is not None:
            moved = Nodes(nodes.key, nodes.value + switch)
            self._incoming[program.first_early].append(self._prune(program.first_early, moved))

    def settle(self, layer: int, nodes: Nodes, later: list[Nodes]) -> Nodes:
        """Return the shortest paths from the keys of a layer to the beginning, given later layers."""
        program = self.program
        value = np.full(len(nodes.key), FAR, dtype=np.int64)
        zero = Nodes(nodes.key, np.zeros_like(value))
        if self._late(layer):
            switch = program.switch_cost(layer)
            if switch is not None:
                value = later[program.first_early - layer - 1].find(nodes.key) + switch
            if layer < program.groups.requests:
                moved, origin = self._completed(layer, zero)
                np.minimum.at(value, origin, later[0].find(moved.key) + moved.value)
        elif layer + 1 < program.layers:
            value = later[0].find(program.one_back(self.counts, nodes.key))
        else:
            value[nodes.key == self._end()] = 0
        return self._settle_within(layer, Nodes(nodes.key, value))

    def _end(self) -> int:
        """Return the key of the beginning: nothing runs, and everything counted is complete."""
        return int((self.counts.radix * self.program.groups.size).sum()) * self.counts.states

    def _settle_within(self, layer: int, nodes: Nodes) -> Nodes:
        rank = self._rank(layer, nodes.key)
        value = nodes.value.copy()
        for level in range(int(rank.max(initial=-1)) + 1):
            rows = np.flatnonzero(rank == level)
            here = Nodes(nodes.key[rows], np.zeros(len(rows), dtype=np.int64))
            if self._late(layer):
                moved = self._within(layer, here)
                busy = rows[here.key % self.counts.states > 0]
                value[busy] = np.minimum(value[busy], Nodes(nodes.key, value).find(moved.key) + moved.value)
            else:
                moved, origin = self._completed(layer, here)
                np.minimum.at(value, rows[origin], Nodes(nodes.key, value).find(moved.key) + moved.value)
        return Nodes(nodes.key, value)
