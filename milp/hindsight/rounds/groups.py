"""Requests that no schedule can tell apart, sorted into groups and lengths."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from milp.hindsight.rounds.problem import Ints, RoundProblem


@dataclass(frozen=True, eq=False)
class Groups:
    """Groups (requests equal in prompt, gen and arrival) and lengths (equal in prompt and gen).

    The groups of a length are adjacent, those that arrive last first.

    Parameters
    ----------
    arrival, count, length
        Arrival round, number of requests and length of each group, shape (groups,).
    prompt, gen, size
        Prompt, gen and number of requests of each length, shape (lengths,).
    nth
        Per length: the groups of its requests, those that arrive last first, shape (size,).
    of_request
        Group of each request, shape (requests,).
    settled
        Least round T ≥ 0 with arrival + gen ≤ T for all requests that arrive after round 0: whatever
        completes after round T had arrived when it started.
    """

    arrival: Ints
    count: Ints
    length: Ints
    prompt: Ints
    gen: Ints
    size: Ints
    nth: tuple[Ints, ...]
    of_request: Ints
    settled: int

    @cached_property
    def requests(self) -> int:
        """Number of requests."""
        return int(self.count.sum())


def group(problem: RoundProblem) -> Groups:
    """Return the groups of a problem."""
    rows = np.stack([problem.prompt, problem.gen, -problem.arrival], axis=1)
    table, of_request, count = np.unique(rows, axis=0, return_inverse=True, return_counts=True)
    lengths, length = np.unique(table[:, :2], axis=0, return_inverse=True)
    length = length.reshape(-1)
    members = np.repeat(np.arange(len(table)), count)
    nth = tuple(members[length[members] == which] for which in range(len(lengths)))
    late = problem.arrival > 0
    return Groups(
        arrival=-table[:, 2],
        count=count,
        length=length,
        prompt=lengths[:, 0],
        gen=lengths[:, 1],
        size=np.array([len(column) for column in nth], dtype=np.int64),
        nth=nth,
        of_request=of_request.reshape(-1),
        settled=int((problem.arrival + problem.gen)[late].max(initial=0)),
    )


def starts_of(problem: RoundProblem, groups: Groups, completions: list[tuple[int, int]]) -> Ints:
    """Return the starts of a schedule that is given as (round of completion, group) pairs.

    Parameters
    ----------
    completions
        Each group as often as it has requests.
    """
    free = [np.flatnonzero(groups.of_request == which).tolist() for which in range(len(groups.count))]
    start = np.zeros(problem.requests, dtype=np.int64)
    for round_, which in completions:
        request = free[which].pop()
        start[request] = round_ - problem.gen[request]
    return start
