"""The verifier: recomputes the shortest paths under the certificate's prices, in integers, and nothing else.

Trusts the problem alone. Imports the problem, the backward program and numpy: no solver, no tolerance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from milp.hindsight.rounds.backward import FAR, Backward, TooLarge
from milp.hindsight.rounds.certificate import RoundCertificate
from milp.hindsight.rounds.counted import TooManyNodes
from milp.hindsight.rounds.groups import Groups, group
from milp.hindsight.rounds.problem import Ints, RoundProblem
from milp.hindsight.rounds.states import TooManyStates, enumerate_states
from milp.hindsight.rounds.sublimation import Stages, run_stages
from milp.hindsight.rounds.values import plain_values
from milp.status import Status

MOST_STATES = 1_000_000
"""Most states of running requests that the verifier enumerates."""

MOST_NODES = 20_000_000
"""Most keys of a stage that the verifier visits."""


@dataclass(frozen=True)
class RoundVerdict:
    """What the verifier found.

    Parameters
    ----------
    status
        Certified optimal, certified gap, or rejected.
    upper, lower
        Total latency of the schedule and certified bound, in rounds; None if rejected.
    reason
        Why it was rejected.
    """

    status: Status
    upper: int | None = None
    lower: int | None = None
    reason: str | None = None


class _Rejected(Exception):
    pass


def verify_rounds(problem: RoundProblem, certificate: RoundCertificate) -> RoundVerdict:
    """Return what a certificate proves about a problem."""
    try:
        return _verify(problem, certificate)
    except (_Rejected, TooLarge, TooManyNodes, TooManyStates) as reason:
        return RoundVerdict(Status.REJECTED, reason=str(reason))


def _verify(problem: RoundProblem, certificate: RoundCertificate) -> RoundVerdict:
    if certificate.problem != problem.digest():
        raise _Rejected("the certificate belongs to another problem")
    fault = problem.fault(certificate.start)
    if fault is not None:
        raise _Rejected(f"the schedule is not feasible: {fault}")
    upper = problem.latency(certificate.start)
    if certificate.claim > upper:
        raise _Rejected(f"the claim {certificate.claim} exceeds the schedule's total latency {upper}")
    groups = group(problem)
    states = enumerate_states(problem.memory, groups, MOST_STATES)
    program = Backward(groups, states, _group_prices(groups, certificate), certificate.denominator)
    if not _no_schedule_below(
        program, certificate.claim + int(problem.arrival.sum()), _stages(groups, certificate)
    ):
        raise _Rejected("a path below the claim is left")
    status = Status.OPTIMAL if certificate.claim == upper else Status.GAP
    return RoundVerdict(status, upper, certificate.claim)


def _no_schedule_below(program: Backward, claim: int, stages: Stages) -> bool:
    """Return whether the stages drop every path that could be a schedule below the claim."""
    plain = plain_values(program)
    if program.constant + plain.whole > (claim - 1) * program.denominator:
        return True
    return any(values.whole >= FAR for values in run_stages(program, plain, claim, stages, MOST_NODES))


def _group_prices(groups: Groups, certificate: RoundCertificate) -> Ints:
    price = np.asarray(certificate.price)
    if price.shape != groups.of_request.shape or price.dtype != np.int64:
        raise _Rejected("one whole price per request is needed")
    if not 1 <= certificate.denominator < 2**31:
        raise _Rejected("the denominator is no whole number from 1 to 2^31 − 1")
    first = np.zeros(len(groups.count), dtype=np.int64)
    first[groups.of_request] = price
    if (first[groups.of_request] != price).any():
        raise _Rejected("requests equal in prompt, gen and arrival have different prices")
    return first


def _stages(groups: Groups, certificate: RoundCertificate) -> Stages:
    row = {name: i for i, name in enumerate(zip(groups.prompt.tolist(), groups.gen.tolist(), strict=True))}
    counted = [name for stage in certificate.stages for name in stage]
    for name in counted:
        if name not in row:
            raise _Rejected(f"no request has prompt and gen {name}")
    if len(set(counted)) < len(counted):
        raise _Rejected("a length is counted twice")
    return tuple(tuple(row[name] for name in stage) for stage in certificate.stages)
