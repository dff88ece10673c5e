"""Multipliers on the memory, from the time-indexed linear program by column generation."""

from __future__ import annotations

from collections.abc import Callable

import highspy
import numpy as np
import numpy.typing as npt

from milp.hindsight.rounds.first_schedules import mc_sf, smallest_volume
from milp.hindsight.rounds.fluid import fluid_multipliers
from milp.hindsight.rounds.lagrangian import MemoryBound, Multipliers, best_starts
from milp.hindsight.rounds.problem import Ints, RoundProblem
from milp.hindsight.rounds.told import Told
from milp.progress import ProgressCallback

Floats = npt.NDArray[np.float64]

DENOMINATOR = 2**20

CLOSE = 0.001
"""Part of the linear program's value that the bound may lack when the search ends."""


SHARE = 0.75
"""Part of the best multipliers in the next ones, beside the duals: these alone swing from end to end."""

PARTS = 64
"""Into how many parts the fluid multipliers are divided."""


def bound_by_memory(
    problem: RoundProblem,
    stop: Callable[[], bool],
    windows: int = 200,
    most: int = 200,
    progress: ProgressCallback | None = None,
) -> MemoryBound:
    """Return the certificate of a bound that any size of problem has, beside a schedule made at once.

    Parameters
    ----------
    stop
        Asked after every linear program.
    windows
        Number of windows of equal multipliers over the rounds of that schedule: more are slower and better.
    most
        Largest number of linear programs.
    progress
        Told of the schedule and of higher bounds, in rounds of total latency.

    Notes
    -----
    A column is a start of a request. The linear program over the starts known so far has the multipliers as
    its duals; the best starts under multipliers between these and the best so far are new columns and give
    the exact bound (Wentges, International Transactions in Operational Research 4, 1997). Sums of a window's
    memory are limited instead of each round's, which the equality of its multipliers amounts to.
    """
    start = min((mc_sf(problem), smallest_volume(problem)), key=problem.latency)
    rounds = int((start + problem.gen).max())
    window = -(-rounds // windows)
    master = _Master(problem, window, -(-rounds // window))
    master.add(start)
    best, bound = _first_multipliers(problem, master, stop)
    share, told, upper = SHARE, Told(progress), problem.latency(start)
    for _ in range(most):
        told.tell("prices of memory", upper, -(-bound // DENOMINATOR))
        if stop():
            break
        value, duals = master.solve()
        if value - bound / DENOMINATOR <= CLOSE * value:
            break
        center = np.zeros(master.windows)
        center[: len(best.value)] = best.value / DENOMINATOR
        trial = _rounded(share * center + (1 - share) * duals, window)
        scaled, chosen = best_starts(problem, trial)
        found = master.add(chosen)
        if scaled > bound:
            best, bound = trial, scaled
        # Without new starts the linear program would say the same again: its own duals have some, if any has.
        share = SHARE if found else 0.0
    return MemoryBound(problem.digest(), -(-bound // DENOMINATOR), start, best)


def _rounded(multipliers: Floats, window: int) -> Multipliers:
    return Multipliers(np.round(multipliers * DENOMINATOR).astype(np.int64), DENOMINATOR, window)


def _first_multipliers(
    problem: RoundProblem, master: _Master, stop: Callable[[], bool]
) -> tuple[Multipliers, int]:
    """Return the best part of the fluid multipliers, and L times the denominator; the master learns starts.

    The bound is concave in the part, so the better of two parts says on which side the best one is.
    """
    fluid = fluid_multipliers(problem, master.window, master.windows)
    known: dict[int, int] = {}

    def bound(part: int) -> int:
        if part not in known:
            known[part], chosen = best_starts(problem, _rounded(fluid * (part / PARTS), master.window))
            master.add(chosen)
        return known[part]

    low, high = 0, PARTS
    while high - low > 1 and not stop():
        middle = (low + high) // 2
        if bound(middle) < bound(middle + 1):
            low = middle + 1
        else:
            high = middle
    bound(low)
    part = max(known, key=known.__getitem__)
    return _rounded(fluid * (part / PARTS), master.window), known[part]


class _Master:
    """min Σ latency x over known starts; each request has one, each window's memory is limited."""

    def __init__(self, problem: RoundProblem, window: int, windows: int) -> None:
        self.window, self.windows = window, windows
        self._problem = problem
        self._known: set[tuple[int, int]] = set()
        self._model = highspy.Highs()
        self._model.setOptionValue("output_flag", False)
        self._model.setOptionValue("threads", 1)
        for _ in range(windows):
            self._model.addRow(-highspy.kHighsInf, window * problem.memory, 0, _none(), _none(float))
        for _ in range(problem.requests):
            self._model.addRow(1.0, highspy.kHighsInf, 0, _none(), _none(float))

    def add(self, start: Ints) -> bool:
        """Add a start of every request; return whether one of them was new."""
        problem, before = self._problem, len(self._known)
        for row, first in enumerate(start.tolist()):
            if (row, first) in self._known:
                continue
            self._known.add((row, first))
            age = np.arange(1, int(problem.gen[row]) + 1)
            where = (first + age - 1) // self.window
            inside = where < self.windows
            held = np.bincount(where[inside], problem.prompt[row] + age[inside], minlength=self.windows)
            index = np.append(np.flatnonzero(held), self.windows + row).astype(np.int32)
            value = np.append(held[held > 0], 1.0)
            latency = float(first + problem.gen[row] - problem.arrival[row])
            self._model.addCol(latency, 0.0, highspy.kHighsInf, len(index), index, value)
        return len(self._known) > before

    def solve(self) -> tuple[float, Floats]:
        """Return the value and the multipliers of the windows, at least 0."""
        self._model.run()
        duals = np.array(self._model.getSolution().row_dual[: self.windows])
        return float(self._model.getInfo().objective_function_value), np.maximum(-duals, 0.0)


def _none(kind: type = np.int32) -> Floats:
    return np.empty(0, dtype=kind)
