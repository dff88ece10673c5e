"""The two kinds of proof for a problem in rounds, verified alike."""

from __future__ import annotations

from milp.hindsight.rounds.certificate import RoundCertificate
from milp.hindsight.rounds.lagrangian import MemoryBound, verify_memory_bound
from milp.hindsight.rounds.problem import RoundProblem
from milp.hindsight.rounds.verify import RoundVerdict, verify_rounds

RoundProof = RoundCertificate | MemoryBound
"""Shortest paths under prices of requests, or prices of memory: a claim, a schedule, and what proves it."""


def method_of(proof: RoundProof) -> str:
    """Return how a proof bounds the total latency."""
    return "paths" if isinstance(proof, RoundCertificate) else "memory prices"


def verify_proof(problem: RoundProblem, proof: RoundProof) -> RoundVerdict:
    """Return what a proof of either kind proves about a problem."""
    if isinstance(proof, RoundCertificate):
        return verify_rounds(problem, proof)
    return verify_memory_bound(problem, proof)
