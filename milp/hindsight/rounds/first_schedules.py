"""Schedules that are made at once, and the upper bounds that they give."""

from __future__ import annotations

import heapq

import numpy as np

from milp.hindsight.rounds.problem import Ints, RoundProblem


def mc_sf(problem: RoundProblem) -> Ints:
    """Return the starts of MC-SF, shape (requests,).

    After every round the waiting requests are looked at in the order of their gen (ties by row) and started
    while the memory suffices at every completion to come; the first that does not fit ends the round (Jaillet
    et al., arXiv 2502.07115, Algorithm 1).
    """
    return in_order(problem, np.lexsort((np.arange(problem.requests), problem.gen)))


def smallest_volume(problem: RoundProblem) -> Ints:
    """Return the starts of the rule of MC-SF with the requests in the order of their `volumes`."""
    return in_order(problem, np.lexsort((np.arange(problem.requests), volumes(problem))))


def volumes(problem: RoundProblem) -> Ints:
    """Return Σ_k (prompt + k), k = 1 … gen: what requests take of the memory in all, (requests,)."""
    return problem.gen * problem.prompt + problem.gen * (problem.gen + 1) // 2


def in_order(problem: RoundProblem, order: Ints) -> Ints:
    """Return the starts of the rule of MC-SF for another order of the requests.

    Parameters
    ----------
    order
        Requests, the most urgent first, shape (requests,).
    """
    start = np.full(problem.requests, -1, dtype=np.int64)
    end = problem.gen.copy()
    rank = np.empty(problem.requests, dtype=np.int64)
    rank[order] = np.arange(problem.requests)
    coming = np.argsort(problem.arrival, kind="stable")[::-1].tolist()
    waiting: list[tuple[int, int]] = []
    running: list[int] = []
    now = 0
    while coming or waiting:
        if not running and not waiting:
            # Time passes until somebody arrives.
            now = max(now, int(problem.arrival[coming[-1]]))
        while coming and problem.arrival[coming[-1]] <= now:
            row = coming.pop()
            heapq.heappush(waiting, (int(rank[row]), row))
        while waiting:
            row = waiting[0][1]
            start[row], end[row] = now, now + problem.gen[row]
            if not _fits(problem, start, end, [*running, row]):
                break
            running.append(row)
            heapq.heappop(waiting)
        now += 1
        running = [row for row in running if end[row] > now]
    return start


def _fits(problem: RoundProblem, start: Ints, end: Ints, running: list[int]) -> bool:
    rows = np.array(running)
    begin, last = start[rows], end[rows]
    held = (problem.prompt[rows] + last[:, None] - begin) * (last[:, None] <= last)
    return bool((held.sum(axis=1) <= problem.memory).all())
