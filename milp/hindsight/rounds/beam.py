"""A good schedule by a beam search backwards in time: the most promising partial schedules of every layer.

Partial schedules walk the layers of `milp.hindsight.rounds.backward` with every length counted, so that a
walk that ends is a schedule. Promising are those with the least cost so far and, under good prices, shortest
path from there to the beginning. Of those with the same state and counts only the best is kept.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from milp.hindsight.rounds.backward import Backward
from milp.hindsight.rounds.groups import Groups
from milp.hindsight.rounds.problem import Ints
from milp.hindsight.rounds.states import States
from milp.hindsight.rounds.values import PlainValues

Words = npt.NDArray[np.uint64]


def beam_schedule(
    program: Backward, values: PlainValues, width: int, limit: int
) -> list[tuple[int, int]] | None:
    """Return the (round of completion, group) pairs of a schedule, or None if the beam ends without one.

    Parameters
    ----------
    values
        Shortest paths to the beginning, under the prices of `program`.
    width
        Number of partial schedules that a layer is entered by.
    limit
        Path length, in units of 1/denominator, that the schedule has to be below.
    """
    beam = _Beam(program, values, width, limit)
    rows, switched = beam.start(), []
    for layer in range(program.first_early):
        rows = beam.waited(layer, rows)
        switched.append(beam.switch(layer, rows))
        if layer < program.groups.requests:
            rows = beam.completed(layer, rows)
    rows = beam.best(program.first_early, _joined(switched))
    for layer in range(program.first_early, program.layers - 1):
        found = [rows]
        while len(found[-1].state):
            found.append(beam.completed(layer, found[-1]))
        rows = beam.best(layer + 1, beam.one_round_back(layer, _joined(found)))
    return beam.schedule(rows)


@dataclass(frozen=True, eq=False)
class _Rows:
    """Partial schedules; every column has a row of each.

    Parameters
    ----------
    state
        What runs.
    used
        Completions of each length, shape (rows, lengths).
    code
        Number that equal `used` have in common, and different ones hardly ever.
    cost
        Length of the path so far.
    late
        Rounds after T that have passed so far.
    event
        The latest completion, −1 if there is none.
    """

    state: Ints
    used: Ints
    code: Words
    cost: Ints
    late: Ints
    event: Ints

    def columns(self) -> tuple[npt.NDArray[Any], ...]:
        return self.state, self.used, self.code, self.cost, self.late, self.event

    def take(self, rows: npt.NDArray[Any]) -> _Rows:
        return _Rows(*(column[rows] for column in self.columns()))


def _joined(parts: Iterable[_Rows]) -> _Rows:
    return _Rows(*(np.concatenate(column) for column in zip(*(p.columns() for p in parts), strict=True)))


class _Beam:
    def __init__(self, program: Backward, values: PlainValues, width: int, limit: int) -> None:
        self._program, self._values = program, values
        self._groups, self._states = program.groups, program.states
        self._width, self._limit = width, limit
        draw = np.random.default_rng(0)
        self._salt = draw.integers(1, 2**63, len(self._groups.size), dtype=np.uint64)
        self._due, self._area = program.due, _areas(self._states)
        self._request_area = _request_areas(self._groups)
        # Completions: the one before, the group, and the round or, in late layers, the late rounds so far.
        self._events: list[tuple[Ints, Ints, Ints]] = []
        self._number = 0

    def start(self) -> _Rows:
        zero = np.zeros(1, dtype=np.int64)
        used = np.zeros((1, len(self._groups.size)), dtype=np.int64)
        return _Rows(zero, used, np.zeros(1, dtype=np.uint64), zero, zero, zero - 1)

    def waited(self, layer: int, rows: _Rows) -> _Rows:
        """Return the rows of a late layer after no, one, two … more rounds, as long as they are promising."""
        found = [rows]
        while len(rows.state):
            rows = rows.take(rows.state > 0)
            rows = replace(
                rows,
                state=self._states.back[rows.state],
                cost=rows.cost + layer * self._program.denominator,
                late=rows.late + 1,
            )
            rows = rows.take(self._through(layer, rows.state, rows.cost) < self._limit)
            found.append(rows)
        return _joined(found)

    def switch(self, layer: int, rows: _Rows) -> _Rows:
        """Return the rows that go on to round T from a late layer."""
        cost = self._program.switch_cost(layer)
        if cost is None:
            return rows.take(np.zeros(0, dtype=np.int64))
        rows = replace(rows, cost=rows.cost + cost)
        promising = self._through(self._program.first_early, rows.state, rows.cost) < self._limit
        return rows.take(promising & self._in_time(rows, self._groups.settled))

    def one_round_back(self, layer: int, rows: _Rows) -> _Rows:
        """Return the rows of an early layer one round earlier, without those that no schedule continues."""
        rows = replace(rows, state=self._states.back[rows.state])
        return rows.take(self._in_time(rows, self._program.round_of(layer) - 1))

    def completed(self, layer: int, rows: _Rows) -> _Rows:
        """Return the best rows after one more completion."""
        program, groups, late = self._program, self._groups, layer < self._program.first_early
        target = self._states.added[:, rows.state]
        length, origin = np.nonzero((target >= 0) & (groups.size[:, None] > rows.used.T))
        group = program.nth[length, rows.used[origin, length]]
        cost = rows.cost[origin] - program.price[group]
        if not late:
            round_ = program.round_of(layer)
            there = groups.arrival[group] + groups.gen[length] <= round_
            length, origin, group = length[there], origin[there], group[there]
            cost = cost[there] + round_ * program.denominator
        state = target[length, origin].astype(np.int64)
        code = rows.code[origin] + self._salt[length]
        keep = self._chosen(layer + late, state, code, cost)
        origin, length, group = origin[keep], length[keep], group[keep]
        used = rows.used[origin]
        used[np.arange(len(keep)), length] += 1
        when = rows.late[origin] if late else np.full(len(keep), program.round_of(layer))
        event = self._number + np.arange(len(keep))
        self._number += len(keep)
        self._events.append((rows.event[origin], group, when if late else -1 - when))
        return _Rows(state[keep], used, code[keep], cost[keep], rows.late[origin], event)

    def best(self, layer: int, rows: _Rows) -> _Rows:
        """Return the rows to enter a layer with."""
        return rows.take(self._chosen(layer, rows.state, rows.code, rows.cost))

    def schedule(self, rows: _Rows) -> list[tuple[int, int]] | None:
        """Return what the best complete row has completed."""
        complete = np.flatnonzero((rows.state == 0) & (rows.used == self._groups.size).all(axis=1))
        if not len(complete):
            return None
        row = complete[np.argmin(rows.cost[complete])]
        last = self._groups.settled + int(rows.late[row])
        before, group, when = (np.concatenate(column) for column in zip(*self._events, strict=True))
        completions, event = [], int(rows.event[row])
        while event >= 0:
            at = int(when[event])
            completions.append((last - at if at >= 0 else -1 - at, int(group[event])))
            event = int(before[event])
        return completions[::-1]

    def _through(self, layer: int, state: Ints, cost: Ints) -> Ints:
        through: Ints = cost + self._values.layers[layer][state]
        return through

    def _chosen(self, layer: int, state: Ints, code: Words, cost: Ints) -> Ints:
        through = self._through(layer, state, cost)
        # Sorting is the most work: only a few more than the width, in case that some are equal.
        rows = self._least(np.flatnonzero(through < self._limit), through, 4 * self._width)
        # Equal states and counts next to each other, the cheapest first.
        key = code[rows] * np.uint64(len(self._states.held)) + state[rows].astype(np.uint64)
        order = np.lexsort((cost[rows], key))
        rows = rows[order[np.diff(key[order], prepend=~key[order][:1]) != 0]]
        return self._least(rows, through, self._width)

    @staticmethod
    def _least(rows: Ints, through: Ints, most: int) -> Ints:
        """Return the rows with the least values, at most so many."""
        return rows if len(rows) <= most else rows[np.argpartition(through[rows], most)[:most]]

    def _in_time(self, rows: _Rows, round_: int) -> npt.NDArray[np.bool_]:
        """Return the rows that lack nothing too late for a round, and leave the others room up to it."""
        left = (self._groups.size - rows.used) @ self._request_area + self._area[rows.state]
        fits = left <= int(self._states.held[-1]) * round_
        alive: npt.NDArray[np.bool_] = fits & (rows.used >= self._due[round_]).all(axis=1)
        return alive


def _areas(states: States) -> Ints:
    """Return the tokens that each state holds until it is empty, over all rounds, shape (states,)."""
    area, now = states.held.copy(), states.back
    while now.any():
        area += states.held[now]
        now = states.back[now]
    return area


def _request_areas(groups: Groups) -> Ints:
    """Return the tokens that a request of each length holds over all rounds, shape (lengths,)."""
    areas: Ints = groups.gen * groups.prompt + groups.gen * (groups.gen + 1) // 2
    return areas
