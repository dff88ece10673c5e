"""A proof about a problem in rounds together with what the verifier says of it; loads no solver."""

from __future__ import annotations

import time
from dataclasses import dataclass

from milp.hindsight.rounds.first_schedules import mc_sf
from milp.hindsight.rounds.problem import RoundProblem
from milp.hindsight.rounds.proofs import RoundProof, verify_proof
from milp.hindsight.rounds.verify import RoundVerdict


@dataclass(frozen=True, eq=False)
class RoundBound:
    """What is known of the least total latency of a problem.

    Attributes
    ----------
    problem
        The problem.
    proof, verdict
        A schedule and a bound with what proves it, and what the verifier says of both.
    online
        Total latency of MC-SF, in rounds.
    seconds, verification
        Wall time of the search, and of the verification after it.
    """

    problem: RoundProblem
    proof: RoundProof
    verdict: RoundVerdict
    online: int
    seconds: float
    verification: float


def checked(problem: RoundProblem, proof: RoundProof, seconds: float = 0.0) -> RoundBound:
    """Verify a proof.

    Parameters
    ----------
    problem, proof
        What is proven, and how.
    seconds
        What the proof took to find.
    """
    begin = time.monotonic()
    verdict = verify_proof(problem, proof)
    took = time.monotonic() - begin
    return RoundBound(problem, proof, verdict, problem.latency(mc_sf(problem)), seconds, took)
