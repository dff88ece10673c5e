"""What proves a lower bound on the total latency of a problem in rounds."""

from __future__ import annotations

from dataclasses import dataclass

from milp.hindsight.rounds.problem import Ints

Length = tuple[int, int]
"""Prompt and gen, in tokens."""


@dataclass(frozen=True, eq=False)
class RoundCertificate:
    """A claim about a problem, and what the verifier needs to check it.

    Parameters
    ----------
    problem
        SHA-256 of the problem.
    claim
        Claimed lower bound on the total latency, in rounds.
    start
        A schedule: the round after which each request starts, shape (requests,).
    price
        Price of each request, times `denominator`, shape (requests,). Requests equal in prompt, gen and
        arrival have the same.
    denominator
        Common denominator of the prices.
    stages
        The lengths whose completions are counted in addition, stage by stage.
    """

    problem: str
    claim: int
    start: Ints
    price: Ints
    denominator: int
    stages: tuple[tuple[Length, ...], ...]
