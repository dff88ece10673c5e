"""The bound of prices on memory: closed form, for any prompts and thousands of requests.

With a multiplier λ_k ≥ 0 on the memory of every round k, requests no longer compete, and each takes its best
start:

    L(λ) = Σ_i min over t ≥ arrival_i of [ t + gen_i − arrival_i + Σ_{k = t+1}^{t + gen_i} λ_k (prompt_i + k −
    t) ]
           − memory · Σ_k λ_k

is at most the total latency of every schedule, whatever λ is. Its maximum is the bound of the time-indexed
linear program of Jaillet et al. (arXiv 2502.07115, section 2), which is weak: far below the optimum that
paths prove, but it needs no states. Computed in integers here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from milp.hindsight.rounds.groups import group
from milp.hindsight.rounds.problem import Ints, RoundProblem
from milp.hindsight.rounds.verify import RoundVerdict
from milp.status import Status

SAFE = 2**61
"""Bound on every number that is computed; beyond it int64 is not proven to be exact."""


@dataclass(frozen=True, eq=False)
class Multipliers:
    """Multipliers on the memory, equal for the rounds of a window.

    Parameters
    ----------
    value
        Numerators, ≥ 0, shape (windows,): the multipliers in rounds per token, times `denominator`. Window w
        has the rounds ``w · window + 1 … (w + 1) · window``; later rounds have none.
    denominator
        Common denominator.
    window
        Rounds in a window.
    """

    value: Ints
    denominator: int
    window: int

    @property
    def rounds(self) -> int:
        """Number of rounds with a multiplier."""
        return len(self.value) * self.window


@dataclass(frozen=True, eq=False)
class MemoryBound:
    """The certificate of the bound of memory prices.

    Parameters
    ----------
    problem
        SHA-256 of the problem.
    claim
        Claimed lower bound on the total latency, in rounds.
    start
        A schedule, shape (requests,).
    multipliers
        What the memory costs.
    """

    problem: str
    claim: int
    start: Ints
    multipliers: Multipliers


def best_starts(problem: RoundProblem, multipliers: Multipliers) -> tuple[int, Ints]:
    """Return L(λ) times the denominator, and the start that each request takes, shape (requests,).

    Raises
    ------
    ValueError
        If a multiplier is negative or numbers are too large for int64.
    """
    _check(problem, multipliers)
    rounds, scale = multipliers.rounds, multipliers.denominator
    price = np.repeat(multipliers.value, multipliers.window)
    # sums[t] = Σ_{k ≤ t} λ_k and weighted[t] = Σ_{k ≤ t} k λ_k, for t = 0 … rounds; constant from there on.
    sums = np.concatenate([[0], np.cumsum(price)])
    weighted = np.concatenate([[0], np.cumsum(price * np.arange(1, rounds + 1))])
    groups = group(problem)
    chosen = np.zeros(len(groups.count), dtype=np.int64)
    total = -problem.memory * int(price.sum())
    time = np.arange(rounds + 1)
    for length, (prompt, gen) in enumerate(zip(groups.prompt.tolist(), groups.gen.tolist(), strict=True)):
        end = np.minimum(time + gen, rounds)
        cost = (prompt - time) * (sums[end] - sums) + weighted[end] - weighted + scale * (time + gen)
        for which in np.flatnonzero(groups.length == length):
            arrival = int(groups.arrival[which])
            if arrival >= rounds:
                chosen[which], least = arrival, scale * (arrival + gen)
            else:
                chosen[which] = arrival + int(cost[arrival:].argmin())
                least = int(cost[chosen[which]])
            total += int(groups.count[which]) * (least - scale * arrival)
    return total, chosen[groups.of_request]


def _check(problem: RoundProblem, multipliers: Multipliers) -> None:
    value = np.asarray(multipliers.value)
    if value.ndim != 1 or value.dtype != np.int64 or multipliers.window < 1 or multipliers.denominator < 1:
        raise ValueError("multipliers are whole numbers, one per window of at least one round")
    if len(value) and not 0 <= int(value.min()) <= int(value.max()) < SAFE:
        raise ValueError("multipliers are not negative and below 2^61")
    longest = multipliers.rounds + int(problem.arrival.max()) + problem.memory
    total = sum(value.tolist()) * multipliers.window
    if 4 * longest * (total + multipliers.denominator) >= SAFE:
        raise ValueError("the multipliers need more than 64 bits")


def memory_bound(problem: RoundProblem, multipliers: Multipliers) -> int:
    """Return the lower bound on the total latency, rounded up: total latencies are whole."""
    return -(-best_starts(problem, multipliers)[0] // multipliers.denominator)


def verify_memory_bound(problem: RoundProblem, certificate: MemoryBound) -> RoundVerdict:
    """Return what the certificate proves about a problem."""
    if certificate.problem != problem.digest():
        return RoundVerdict(Status.REJECTED, reason="the certificate belongs to another problem")
    fault = problem.fault(certificate.start)
    if fault is not None:
        return RoundVerdict(Status.REJECTED, reason=f"the schedule is not feasible: {fault}")
    try:
        bound = memory_bound(problem, certificate.multipliers)
    except ValueError as error:
        return RoundVerdict(Status.REJECTED, reason=str(error))
    if certificate.claim > bound:
        return RoundVerdict(
            Status.REJECTED, reason=f"the multipliers prove {bound}, less than {certificate.claim}"
        )
    upper = problem.latency(certificate.start)
    status = Status.OPTIMAL if upper == certificate.claim else Status.GAP
    return RoundVerdict(status, upper, certificate.claim)
