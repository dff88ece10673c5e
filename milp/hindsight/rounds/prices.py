"""Prices of requests that make the shortest path long: the Lagrangian dual, by cutting planes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import highspy
import numpy as np
import numpy.typing as npt

from milp.hindsight.rounds.backward import Backward, counters
from milp.hindsight.rounds.first_schedules import mc_sf
from milp.hindsight.rounds.groups import Groups
from milp.hindsight.rounds.path import shortest_path
from milp.hindsight.rounds.problem import Ints, RoundProblem
from milp.hindsight.rounds.states import States
from milp.hindsight.rounds.values import plain_values

Floats = npt.NDArray[np.float64]

DENOMINATOR = 64
"""Prices are multiples of 1/64 round: finer ones raise the bound by less than a round."""

CLOSE = 0.75
"""Rounds between the bound and what the cuts promise at which the search ends."""


@dataclass(frozen=True)
class Priced:
    """Prices and the bound that they give.

    Parameters
    ----------
    price
        Price of each group, in units of 1/`DENOMINATOR` rounds, shape (groups,).
    bound
        Lower bound on the sum of all completion rounds, in the same units.
    evaluations
        How many prices were tried.
    """

    price: Ints
    bound: int
    evaluations: int


def find_prices(
    problem: RoundProblem,
    groups: Groups,
    states: States,
    stop: Callable[[], bool],
    most: int = 500,
) -> Priced:
    """Return good prices.

    The bound is a concave, piecewise linear function of the prices. Each shortest path is a plane above it; a
    linear program maximises the least of the planes within a box around the best prices so far, which grows
    where the planes promise rightly and shrinks where they do not (Marsten, Hogan and Blankenship 1975).

    Parameters
    ----------
    stop
        Asked after every evaluation.
    most
        Largest number of evaluations.
    """
    planes = _Planes(len(groups.count))
    nothing = counters(groups, states, ())
    best: Priced | None = None
    trial, box, promise = first_prices(problem, groups), 8.0, np.inf
    for evaluation in range(1, most + 1):
        price = np.round(trial * DENOMINATOR).astype(np.int64)
        program = Backward(groups, states, price, DENOMINATOR)
        values = plain_values(program)
        bound = program.constant + values.whole
        missing = groups.count - shortest_path(program, nothing, values).used
        planes.add(missing, (bound - int(missing @ price)) / DENOMINATOR)
        if best is None or bound > best.bound:
            if best is not None and bound - best.bound > 0.5 * (promise - best.bound):
                box *= 1.5
            best = Priced(price, bound, evaluation)
        else:
            box = max(0.8 * box, 0.3)
        promised, trial = planes.highest(best.price / DENOMINATOR, box)
        promise = promised * DENOMINATOR
        if promise - best.bound < CLOSE * DENOMINATOR:
            if box > 50 or not missing.any():
                break
            box *= 4
        if stop():
            break
    assert best is not None
    return Priced(best.price, best.bound, evaluation)


def first_prices(problem: RoundProblem, groups: Groups) -> Floats:
    """Return prices in rounds, shape (groups,), to begin with.

    A request is worth the round in which MC-SF completes it, and the delay that it means for longer ones: its
    token-rounds over the memory, for each of them.
    """
    completion = mc_sf(problem) + problem.gen
    mean = np.bincount(groups.of_request, completion) / groups.count
    gen, prompt = groups.gen[groups.length], groups.prompt[groups.length]
    longer = np.array([(problem.gen > g).sum() + 0.5 * (problem.gen == g).sum() for g in gen])
    area = prompt * gen + gen * (gen + 1) / 2
    first: Floats = mean + longer * area / problem.memory
    return first


class _Planes:
    """max θ subject to θ ≤ constant + missing · price for every plane, prices within a box."""

    def __init__(self, groups: int) -> None:
        self._groups = groups
        self._model = highspy.Highs()
        self._model.setOptionValue("output_flag", False)
        self._model.setOptionValue("threads", 1)
        for _ in range(groups + 1):
            self._model.addVar(-highspy.kHighsInf, highspy.kHighsInf)
        self._model.changeColCost(0, -1.0)

    def add(self, missing: Ints, constant: float) -> None:
        some = np.flatnonzero(missing)
        index = np.concatenate([[0], some + 1]).astype(np.int32)
        value = np.concatenate([[1.0], -missing[some].astype(np.float64)])
        self._model.addRow(-highspy.kHighsInf, constant, len(index), index, value)

    def highest(self, center: Floats, box: float) -> tuple[float, Floats]:
        """Return the highest θ within the box, and the prices there."""
        for column in range(self._groups):
            self._model.changeColBounds(column + 1, center[column] - box, center[column] + box)
        self._model.run()
        solution = np.array(self._model.getSolution().col_value)
        return float(solution[0]), solution[1:]
