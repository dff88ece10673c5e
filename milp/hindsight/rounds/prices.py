"""Prices of requests that make the shortest path long: the Lagrangian dual, by cutting planes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

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

CLOSE = 0.25
"""Rounds that the planes promise above the bound when the search ends."""

STEP = 20.0
"""Squared rounds of price per completion that a plane lacks: longer steps need more planes to be good
ones."""


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
    told: Callable[[int], None] = lambda bound: None,
    most: int = 500,
) -> Priced:
    """Return good prices.

    The bound is a concave, piecewise linear function of the prices, and each shortest path is a plane above
    it. The next prices maximise the least of the planes, less the squared distance from the best prices so
    far over 2 `STEP`: the proximal bundle method (Lemaréchal 1978; Kiwiel, Mathematical Programming 46,
    1990).

    Parameters
    ----------
    stop
        Asked after every evaluation.
    told
        Called after every evaluation with the best bound so far, as in `Priced`.
    most
        Largest number of evaluations.
    """
    planes = _Planes(len(groups.count))
    nothing = counters(groups, states, ())
    best: Priced | None = None
    trial = first_prices(problem, groups)
    for evaluation in range(1, most + 1):
        price = np.round(trial * DENOMINATOR).astype(np.int64)
        program = Backward(groups, states, price, DENOMINATOR)
        values = plain_values(program)
        bound = program.constant + values.whole
        missing = groups.count - shortest_path(program, nothing, values).used
        planes.add(missing, (bound - int(missing @ price)) / DENOMINATOR)
        if best is None or bound > best.bound:
            best = Priced(price, bound, evaluation)
        told(best.bound)
        promise, trial = planes.next_prices(best.price / DENOMINATOR)
        if promise - best.bound / DENOMINATOR < CLOSE or stop():
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
    """The least of the planes ``constant + missing · price``, maximised near given prices.

    The maximum is the center plus `STEP` times a mean of the planes' gradients; the weights of that mean
    solve the dual, a quadratic program over a simplex, in which weight is moved between two planes at a time.
    """

    def __init__(self, groups: int) -> None:
        self._missing: Floats = np.zeros((0, groups))
        self._constant: Floats = np.zeros(0)
        self._products: Floats = np.zeros((0, 0))
        self._weight: Floats = np.zeros(0)

    def add(self, missing: Ints, constant: float) -> None:
        self._missing = np.vstack([self._missing, missing])
        self._constant = np.append(self._constant, constant)
        across = self._missing @ missing
        self._products = np.vstack([np.column_stack([self._products, across[:-1]]), across])
        # The first plane has all the weight, which later ones take from it.
        self._weight = np.append(self._weight, float(len(self._weight) == 0))

    def next_prices(self, center: Floats, most: int = 3000) -> tuple[float, Floats]:
        """Return what the planes promise at the next prices, and these.

        Parameters
        ----------
        most
            Largest number of moves; the weights need not be exact, as any prices give a bound.
        """
        products, weight = STEP * self._products, self._weight
        height = self._constant + self._missing @ center
        slope = products @ weight + height
        for _ in range(most):
            used = np.flatnonzero(weight > 1e-12)
            low, high = int(slope.argmin()), int(used[slope[used].argmax()])
            difference = slope[high] - slope[low]
            if difference < 0.02:
                break
            curvature = products[low, low] + products[high, high] - 2 * products[low, high]
            moved = min(weight[high], difference / max(curvature, 1e-12))
            weight[low] += moved
            weight[high] -= moved
            slope += moved * (products[:, low] - products[:, high])
        mean = self._missing.T @ weight
        return float(height @ weight + STEP * mean @ mean), center + STEP * mean
