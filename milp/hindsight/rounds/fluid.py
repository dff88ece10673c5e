"""What memory costs if requests could be served in any parts: multipliers to begin with.

A request takes the volume v = Σ_k (prompt + k), k = 1 … gen, of the memory's rounds. If any part of it
could be served at any time after its arrival, and latency were the mean time of these parts, it would be
best to serve the smallest volume that has arrived (the mean-busy-time relaxation; Goemans, Queyranne,
Schulz, Skutella and Wang, SIAM Journal on Discrete Mathematics 15, 2002). The duals of that program are
known: while a request of volume v is served, the price of memory falls by 1/v a round, to 0 where nobody
waits.
"""

from __future__ import annotations

import heapq

import numpy as np
import numpy.typing as npt

from milp.hindsight.rounds.first_schedules import volumes
from milp.hindsight.rounds.problem import RoundProblem

Floats = npt.NDArray[np.float64]


def fluid_multipliers(problem: RoundProblem, window: int, windows: int) -> Floats:
    """Return the price of a token of memory in the middle of each window, in rounds: shape (windows,)."""
    begin, end, slope = _served(problem)
    # Summed up from the last round to the first, and anew before every pause.
    price = np.zeros(len(begin) + 1)
    for piece in range(len(begin) - 1, -1, -1):
        last = piece + 1 == len(begin) or begin[piece + 1] > end[piece]
        price[piece] = (0.0 if last else price[piece + 1]) + (end[piece] - begin[piece]) * slope[piece]
    middle = (np.arange(windows) + 0.5) * window
    piece_of = np.maximum(np.searchsorted(begin, middle, side="right") - 1, 0)
    there: Floats = price[piece_of] - (middle - begin[piece_of]) * slope[piece_of]
    there[(middle < begin[piece_of]) | (middle >= end[piece_of])] = 0.0
    return there


def _served(problem: RoundProblem) -> tuple[Floats, Floats, Floats]:
    """Return begin, end and 1/v of the times in which one request is served: shape (pieces,) each."""
    coming = sorted(zip(problem.arrival.tolist(), volumes(problem).tolist(), strict=True), reverse=True)
    waiting: list[tuple[int, float]] = []
    pieces: list[tuple[float, float, float]] = []
    now = 0.0
    while coming or waiting:
        if not waiting:
            now = max(now, coming[-1][0])
        while coming and coming[-1][0] <= now:
            _, volume = coming.pop()
            heapq.heappush(waiting, (volume, volume / problem.memory))
        own, left = waiting[0]
        until = now + left
        if coming and coming[-1][0] < until:
            until = float(coming[-1][0])
            heapq.heapreplace(waiting, (own, left - (until - now)))
        else:
            heapq.heappop(waiting)
        pieces.append((now, until, 1.0 / own))
        now = until
    begin, end, slope = np.array(pieces).T
    return begin, end, slope
