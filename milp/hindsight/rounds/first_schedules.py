"""Schedules that are made at once, and the upper bounds that they give."""

from __future__ import annotations

import numpy as np

from milp.hindsight.rounds.problem import Ints, RoundProblem


def mc_sf(problem: RoundProblem) -> Ints:
    """Return the starts of MC-SF, shape (requests,).

    After every round the waiting requests are looked at in the order of their gen (ties by row) and started
    while the memory suffices at every completion to come; the first that does not fit ends the round (Jaillet
    et al., arXiv 2502.07115, Algorithm 1).
    """
    return in_order(problem, np.lexsort((np.arange(problem.requests), problem.gen)))


def in_order(problem: RoundProblem, order: Ints) -> Ints:
    """Return the starts of the rule of MC-SF for another order of the requests.

    Parameters
    ----------
    order
        Requests, the most urgent first, shape (requests,).
    """
    start = np.full(problem.requests, -1, dtype=np.int64)
    waiting, now = list(map(int, order)), 0
    running: list[int] = []
    while waiting:
        running = [row for row in running if start[row] + problem.gen[row] > now]
        arrived = [row for row in waiting if problem.arrival[row] <= now]
        for row in arrived:
            start[row] = now
            if not _fits(problem, start, [*running, row]):
                start[row] = -1
                break
            running.append(row)
            waiting.remove(row)
        # With nothing running and nothing waiting, time passes until somebody arrives.
        idle = not running and waiting
        now = min(int(problem.arrival[row]) for row in waiting) if idle else now + 1
    return start


def _fits(problem: RoundProblem, start: Ints, running: list[int]) -> bool:
    rows = np.array(running)
    begin, end = start[rows], (start + problem.gen)[rows]
    held = (problem.prompt[rows] + end[:, None] - begin) * (end[:, None] <= end)
    return bool((held.sum(axis=1) <= problem.memory).all())
