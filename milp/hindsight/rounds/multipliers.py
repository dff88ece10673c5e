"""Multipliers on the memory, from the time-indexed linear program by column generation."""

from __future__ import annotations

from collections.abc import Callable

import highspy
import numpy as np
import numpy.typing as npt

from milp.hindsight.rounds.first_schedules import mc_sf
from milp.hindsight.rounds.lagrangian import MemoryBound, Multipliers, best_starts
from milp.hindsight.rounds.problem import Ints, RoundProblem

DENOMINATOR = 2**16

CLOSE = 0.001
"""Part of the linear program's value that the bound may lack when the search ends."""


def bound_by_memory(
    problem: RoundProblem, stop: Callable[[], bool], windows: int = 200, most: int = 200
) -> MemoryBound:
    """Return the certificate of a bound that any size of problem has, beside the schedule of MC-SF.

    Parameters
    ----------
    stop
        Asked after every linear program.
    windows
        Number of windows of equal multipliers over the rounds of MC-SF: more are slower and better.
    most
        Largest number of linear programs.

    Notes
    -----
    A column is a start of a request. The linear program over the starts known so far has the multipliers as
    its duals; the best starts under them are new columns and give the exact bound. Sums of a window's memory
    are limited instead of each round's, which the equality of its multipliers amounts to.
    """
    start = mc_sf(problem)
    rounds = int((start + problem.gen).max())
    window = -(-rounds // windows)
    master = _Master(problem, window, -(-rounds // window))
    chosen, best, bound = start, Multipliers(np.zeros(0, np.int64), 1, 1), -1.0
    for _ in range(most):
        master.add(chosen)
        value, duals = master.solve()
        trial = Multipliers(np.round(duals * DENOMINATOR).astype(np.int64), DENOMINATOR, window)
        scaled, chosen = best_starts(problem, trial)
        if scaled / DENOMINATOR > bound:
            best, bound = trial, scaled / DENOMINATOR
        if value - bound <= CLOSE * value or stop():
            break
    scaled, _ = best_starts(problem, best)
    return MemoryBound(problem.digest(), -(-scaled // best.denominator), start, best)


class _Master:
    """min Σ latency x over known starts; each request has one, each window's memory is limited."""

    def __init__(self, problem: RoundProblem, window: int, windows: int) -> None:
        self._problem, self._window, self._windows = problem, window, windows
        self._known: set[tuple[int, int]] = set()
        self._model = highspy.Highs()
        self._model.setOptionValue("output_flag", False)
        self._model.setOptionValue("threads", 1)
        for _ in range(windows):
            self._model.addRow(-highspy.kHighsInf, window * problem.memory, 0, _none(), _none(float))
        for _ in range(problem.requests):
            self._model.addRow(1.0, highspy.kHighsInf, 0, _none(), _none(float))

    def add(self, start: Ints) -> None:
        """Add a start of every request."""
        problem = self._problem
        for row, first in enumerate(start.tolist()):
            if (row, first) in self._known:
                continue
            self._known.add((row, first))
            age = np.arange(1, int(problem.gen[row]) + 1)
            where = (first + age - 1) // self._window
            inside = where < self._windows
            held = np.bincount(where[inside], problem.prompt[row] + age[inside], minlength=self._windows)
            index = np.append(np.flatnonzero(held), self._windows + row).astype(np.int32)
            value = np.append(held[held > 0], 1.0)
            latency = float(first + problem.gen[row] - problem.arrival[row])
            self._model.addCol(latency, 0.0, highspy.kHighsInf, len(index), index, value)

    def solve(self) -> tuple[float, npt.NDArray[np.float64]]:
        """Return the value and the multipliers of the windows, at least 0."""
        self._model.run()
        duals = np.array(self._model.getSolution().row_dual[: self._windows])
        return float(self._model.getInfo().objective_function_value), np.maximum(-duals, 0.0)


def _none(kind: type = np.int32) -> npt.NDArray[np.float64]:
    return np.empty(0, dtype=kind)
