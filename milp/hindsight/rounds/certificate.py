"""What proves a lower bound on the total latency, and its file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from milp.hindsight.rounds.problem import Ints, RoundProblem


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
        Price of each request, times `denominator`, shape (requests,); requests equal in prompt, gen and arrival
        have the same.
    denominator
        Common denominator of the prices.
    stages
        The lengths (prompt, gen) whose completions are counted in addition from stage to stage.
    """

    problem: str
    claim: int
    start: Ints
    price: Ints
    denominator: int
    stages: tuple[tuple[tuple[int, int], ...], ...]


def upper_bound(problem: RoundProblem, certificate: RoundCertificate) -> int:
    """Return the total latency of the certificate's schedule."""
    return problem.latency(np.asarray(certificate.start))


__all__ = ["Path", "RoundCertificate", "upper_bound"]
