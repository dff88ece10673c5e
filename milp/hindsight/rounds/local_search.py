"""Better schedules from better orders: each request in turn starts as early as the memory has room for it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from milp.hindsight.rounds.problem import Ints, RoundProblem

REACH = 12
"""Places that a request moves in the order at most."""

AHEAD = 64
"""Starts that are looked at together."""


def as_early_as_possible(problem: RoundProblem, order: Ints) -> Ints:
    """Return starts, shape (requests,): in this order, each request at the first round that has room for it.

    Later requests may start before earlier ones, where these left room (the serial schedule generation
    scheme; Kolisch 1996).
    """
    most = int(problem.arrival.max()) + int(problem.gen.sum())
    room = np.full(most + 1, problem.memory, dtype=np.int64)
    start = np.zeros(problem.requests, dtype=np.int64)
    for row in order.tolist():
        gen = int(problem.gen[row])
        held = problem.prompt[row] + np.arange(1, gen + 1)
        first = int(problem.arrival[row]) + 1
        while True:
            windows = np.lib.stride_tricks.sliding_window_view(room[first : first + AHEAD + gen], gen)
            fits = (windows >= held).all(axis=1)
            found = int(fits.argmax())
            if fits[found]:
                break
            first += len(fits)
        first += found
        room[first : first + gen] -= held
        start[row] = first - 1
    return start


def improved(
    problem: RoundProblem, start: Ints, stop: Callable[[], bool], enough: int = 0, seed: int = 0
) -> Ints:
    """Return the best schedule found by moving and exchanging requests in the order of their completions.

    Parameters
    ----------
    start
        A schedule to begin with.
    stop
        Asked before every trial.
    enough
        Total latency that cannot or need not be improved on.
    seed
        Of the random moves.
    """
    rng = np.random.default_rng(seed)
    order = np.argsort(start + problem.gen, kind="stable")
    best, least = start, problem.latency(start)
    current = problem.latency(as_early_as_possible(problem, order))
    while least > enough and not stop():
        trial = _neighbour(order, rng)
        found = as_early_as_possible(problem, trial)
        latency = problem.latency(found)
        # Equal ones too: many orders make the same schedule.
        if latency <= current:
            order, current = trial, latency
        if latency < least:
            best, least = found, latency
    return best


def _neighbour(order: Ints, rng: np.random.Generator) -> Ints:
    """Return an order in which one request is elsewhere, or has changed places with another."""
    place = int(rng.integers(len(order)))
    other = int(np.clip(place + rng.integers(-REACH, REACH + 1), 0, len(order) - 1))
    if rng.integers(2):
        return np.insert(np.delete(order, place), other, order[place])
    trial = order.copy()
    trial[[place, other]] = trial[[other, place]]
    return trial
