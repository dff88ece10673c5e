"""The shortest path itself: which requests it completes, and when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from milp.hindsight.rounds.backward import Backward, Counters
from milp.hindsight.rounds.problem import Ints


class Values(Protocol):
    """Length of the shortest path from any key to the beginning."""

    def at(self, layer: int, keys: Ints) -> Ints:
        """Return the values of keys of a layer."""


@dataclass(frozen=True, eq=False)
class Path:
    """A shortest path.

    Parameters
    ----------
    completions
        (round, group) pairs, the last first.
    used
        How often each group's requests are completed, shape (groups,).
    """

    completions: list[tuple[int, int]]
    used: Ints


def shortest_path(program: Backward, counts: Counters, values: Values) -> Path:
    """Return a shortest path from the end with nothing running; there must be one."""
    walk = _Walk(program, counts, values)
    while walk.layer < program.layers - 1:
        if not (walk.back_in_time() or walk.completion()):
            walk.switch()
    # Late rounds are known only now, at the beginning: the first step back left the last of them.
    last = program.groups.settled + walk.late_rounds
    completions = [(last - at if late else at, group) for late, at, group in walk.events]
    used = np.bincount([group for _, group in completions], minlength=len(program.groups.count))
    return Path(completions, used.astype(np.int64))


class _Walk:
    def __init__(self, program: Backward, counts: Counters, values: Values) -> None:
        self._program, self._counts, self._values = program, counts, values
        self.layer, self.late_rounds = 0, 0
        self.events: list[tuple[bool, int, int]] = []
        self._key = np.zeros(1, dtype=np.int64)
        self._value = int(values.at(0, self._key)[0])

    @property
    def _late(self) -> bool:
        return self.layer < self._program.first_early

    def _go(self, layer: int, key: Ints, cost: int) -> bool:
        """Go to a key if the shortest path leads there."""
        value = int(self._values.at(layer, key)[0])
        if cost + value != self._value:
            return False
        self.layer, self._key, self._value = layer, key, value
        return True

    def back_in_time(self) -> bool:
        """Go one round back, if that is shortest."""
        key = self._program.one_back(self._counts, self._key)
        if not self._late:
            return self._go(self.layer + 1, key, 0)
        moved = bool(key[0] != self._key[0]) and self._go(
            self.layer, key, self.layer * self._program.denominator
        )
        self.late_rounds += moved
        return moved

    def completion(self) -> bool:
        """Complete a request, if that is shortest."""
        if self.layer == self._program.groups.requests:
            return False
        layer, late = self.layer, self._late
        round_ = self._program.round_of(layer)
        cost = 0 if late else round_ * self._program.denominator
        choice = self._program.additions(layer, self._counts, self._key)
        through = cost - choice.price + self._values.at(layer + late, choice.key)
        best = np.flatnonzero(through == self._value)
        if not len(best):
            return False
        row = int(best[0])
        self.events.append((late, self.late_rounds if late else round_, int(choice.group[row])))
        return self._go(layer + late, choice.key[row : row + 1], int(cost - choice.price[row]))

    def switch(self) -> None:
        """Go from the late layers to round T."""
        cost = self._program.switch_cost(self.layer)
        if not self._late or cost is None or not self._go(self._program.first_early, self._key, cost):
            raise ValueError("there is no path below the limit")
