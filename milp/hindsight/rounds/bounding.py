"""The least total latency: proven where the states are few enough, bounded where they are not."""

from __future__ import annotations

import dataclasses
import time
from dataclasses import dataclass

from milp.hindsight.rounds.first_schedules import mc_sf
from milp.hindsight.rounds.local_search import improved
from milp.hindsight.rounds.multipliers import bound_by_memory
from milp.hindsight.rounds.optimum import Effort, minimize_latency
from milp.hindsight.rounds.problem import RoundProblem
from milp.hindsight.rounds.proofs import RoundProof, verify_proof
from milp.hindsight.rounds.states import TooManyStates
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


def bound_latency(problem: RoundProblem, seconds: float = 60.0) -> RoundBound:
    """Look for the least total latency and prove it, or bound it from both sides.

    Parameters
    ----------
    problem
        The problem.
    seconds
        Processor time after which the search ends.
    """
    begin = time.monotonic()
    proof = _proof(problem, seconds)
    found = time.monotonic()
    return checked(problem, proof, found - begin)


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


def _proof(problem: RoundProblem, seconds: float) -> RoundProof:
    end = time.process_time() + seconds
    try:
        return minimize_latency(problem, Effort(seconds=seconds, local_seconds=seconds / 4)).certificate
    except TooManyStates:
        middle = (time.process_time() + end) / 2
        proof = bound_by_memory(problem, lambda: time.process_time() > middle)
        start = improved(problem, proof.start, lambda: time.process_time() > end, proof.claim)
        return dataclasses.replace(proof, start=start)
