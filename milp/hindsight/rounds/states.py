"""What may run in a round: every multiset of held amounts that fits into the memory.

Looked at backwards in time, a running request that holds h tokens holds h − 1 one round earlier, and nothing
once it is back at its prompt. So of a running request only its prompt s and the number r of tokens that it
has generated matter: its *part* (r, s), which holds s + r tokens. A state is a multiset of parts.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from milp.hindsight.rounds.groups import Groups
from milp.hindsight.rounds.problem import Ints

CELLS = 4_000_000
"""States times parts that are looked at together."""


class TooManyStates(ValueError):
    """The memory admits more states than the limit that was set."""


@dataclass(frozen=True, eq=False)
class States:
    """All states, in the order of the tokens that they hold; state 0 is the empty one.

    Parameters
    ----------
    held
        Tokens held, ascending, shape (states,).
    parts
        Number of parts, shape (states,).
    rounds
        Rounds back until the state is empty if nothing is added: the largest r, shape (states,).
    back
        State one round earlier, shape (states,).
    added
        State after a request of a length completes, −1 if it does not fit, shape (lengths, states).
    """

    held: Ints
    parts: Ints
    rounds: Ints
    back: Ints
    added: npt.NDArray[np.int32]

    @property
    def number(self) -> int:
        """Number of states."""
        return len(self.held)

    @cached_property
    def jumps(self) -> list[Ints]:
        """State 1, 2, 4, … rounds earlier, as far as any state needs to become empty."""
        jumps = [self.back]
        while 2 ** len(jumps) <= int(self.rounds.max()):
            jumps.append(jumps[-1][jumps[-1]])
        return jumps

    @cached_property
    def fitting(self) -> list[Ints]:
        """Per length: `added` of the states that have room for it, which are the first ones.

        As wide as numpy's own indices: narrower ones are converted every time that they are used.
        """
        return [row[: int(np.searchsorted(row < 0, True))].astype(np.int64) for row in self.added]

    @cached_property
    def repeated(self) -> list[list[Ints]]:
        """Per length: `added` of the states with room for 1, 2, … of its requests: the first ones."""
        lists = []
        for target in self.fitting:
            some = []
            while len(target):
                some.append(target)
                # Room for one more is where the target has room for as many as here.
                target = target[: int(np.searchsorted(target >= len(target), True))]
            lists.append(some)
        return lists


def enumerate_states(memory: int, groups: Groups, most: int) -> States:
    """Return all states that fit into `memory`.

    Parameters
    ----------
    most
        Largest number of states.

    Raises
    ------
    TooManyStates
        If there are more than `most`.

    Notes
    -----
    A state is written as its parts in descending order of (r, s), which makes the states a tree: the parent
    lacks the last part. One round back keeps that order, as every r falls by 1, so that
    ``back(state) = back(parent)`` followed by the last part, one smaller. A part p is added behind the last
    part if it is no larger; else ``added(state, p) = added(parent, p)`` followed by the last part.
    """
    kinds = _kinds(groups, most)
    tree = _grow(memory, kinds[:, 0] + kinds[:, 1], most)
    number = {kind: row for row, kind in enumerate(map(tuple, kinds.tolist()))}
    smaller = np.array([number.get((r - 1, s), -1) for r, s in kinds.tolist()])
    complete = [number[r, s] for s, r in zip(groups.prompt.tolist(), groups.gen.tolist(), strict=True)]
    back = np.zeros(len(tree.parent), dtype=np.int64)
    added = np.full((len(back), len(complete)), -1, dtype=np.int32)
    added[0] = tree.child[0, complete]
    rounds = np.zeros_like(back)
    for level in tree.levels[1:]:
        up, last = tree.parent[level], tree.last[level]
        rounds[level] = np.where(up == 0, kinds[last, 0], rounds[up])
        before = smaller[last]
        back[level] = np.where(before < 0, back[up], tree.child[back[up], before])
        for column, kind in enumerate(complete):
            above = added[up, column]
            inside = np.where(above < 0, -1, tree.child[above, last])
            added[level, column] = np.where(kind <= last, tree.child[level, kind], inside)
    return _sorted(tree, rounds, back, added)


def _kinds(groups: Groups, most: int) -> Ints:
    """Return all parts (r, s), ascending, shape (kinds, 2)."""
    longest: dict[int, int] = {}
    for prompt, gen in zip(groups.prompt.tolist(), groups.gen.tolist(), strict=True):
        longest[prompt] = max(gen, longest.get(prompt, 0))
    # Each part alone is a state.
    if sum(longest.values()) >= most:
        raise _too_many(most)
    return np.array(sorted((r, s) for s, gen in longest.items() for r in range(1, gen + 1)), dtype=np.int64)


def _too_many(most: int) -> TooManyStates:
    return TooManyStates(f"more than {most} states of running requests fit into the memory")


@dataclass(frozen=True, eq=False)
class _Tree:
    parent: Ints
    last: Ints
    held: Ints
    levels: list[Ints]
    child: npt.NDArray[np.int32]


def _grow(memory: int, tokens: Ints, most: int) -> _Tree:
    """Return the tree of all states, level by level: level d has the states of d parts."""
    parents, lasts, helds = [np.zeros(1, np.int64)], [np.array([len(tokens) - 1])], [np.zeros(1, np.int64)]
    levels, edges, size = [np.zeros(1, np.int64)], [], 1
    while len(levels[-1]):
        row, kind = _next_level(lasts[-1], memory - helds[-1], tokens, most - size)
        if size + len(row) > most:
            raise _too_many(most)
        level = np.arange(size, size + len(row))
        edges.append((levels[-1][row], kind, level))
        parents.append(levels[-1][row])
        helds.append(helds[-1][row] + tokens[kind])
        lasts.append(kind)
        levels.append(level)
        size += len(row)
    child = np.full((size, len(tokens)), -1, dtype=np.int32)
    for above, kind, below in edges:
        child[above, kind] = below
    return _Tree(np.concatenate(parents), np.concatenate(lasts), np.concatenate(helds), levels, child)


def _next_level(last: Ints, room: Ints, tokens: Ints, enough: int) -> tuple[Ints, Ints]:
    """Return the states of a level with one more part: the row of the state and the part, of each.

    Ends with more than `enough` of them, looked for in slices, as all states times all parts may not fit.
    """
    kinds, rows = np.arange(len(tokens)), max(1, CELLS // len(tokens))
    found, number = [], 0
    for first in range(0, len(last), rows):
        part = slice(first, first + rows)
        row, kind = np.nonzero((kinds <= last[part, None]) & (tokens <= room[part, None]))
        found.append((row + first, kind))
        number += len(row)
        if number > enough:
            break
    row, kind = map(np.concatenate, zip(*found, strict=True))
    return row, kind


def _sorted(tree: _Tree, rounds: Ints, back: Ints, added: npt.NDArray[np.int32]) -> States:
    """Return the states in ascending order of the tokens held: those with room for a part come first."""
    parts = np.concatenate([np.full(len(level), depth) for depth, level in enumerate(tree.levels)])
    order = np.argsort(tree.held, kind="stable")
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    moved = np.where(added >= 0, place[added], -1)[order].T
    return States(
        held=tree.held[order],
        parts=parts[order],
        rounds=rounds[order],
        back=place[back[order]],
        added=np.ascontiguousarray(moved, dtype=np.int32),
    )
