"""The verifier of hindsight bounds: a problem and a certificate in, a verdict out. It trusts nothing else.

Every claim is recomputed from the trace and its multipliers, in exact arithmetic and without any tolerance,
with the definition of the problem and numpy alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import partial

from instances.errors import InputError
from instances.serving import BatchDevice
from milp.hindsight.batches.case import BatchCase
from milp.hindsight.batches.methods import METHODS as BATCH_METHODS
from milp.hindsight.certificate import Claim, HindsightCertificate
from milp.hindsight.problem import HindsightProblem
from milp.hindsight.relaxations.methods import METHODS as ANY_METHODS
from milp.hindsight.relaxations.methods import Method
from milp.hindsight.round_case import RoundCase
from milp.status import Status

Recompute = Callable[[Claim], Fraction | None]
"""What a claim's method makes of its multipliers; None if that proves nothing."""


@dataclass(frozen=True)
class HindsightVerdict:
    """What the verifier found.

    Attributes
    ----------
    status
        ``certified bound`` if every claim holds, else ``rejected``.
    reason
        Why it was rejected; None otherwise.
    seconds
        Time that verification took.
    """

    status: Status
    reason: str | None
    seconds: float

    @property
    def certified(self) -> bool:
        """Whether every claim holds."""
        return self.status is not Status.REJECTED


class _Rejected(Exception):
    """The certificate does not hold, and why."""


def verify(problem: HindsightProblem, certificate: HindsightCertificate) -> HindsightVerdict:
    """Check every claim of a certificate.

    Parameters
    ----------
    problem
        The trace and the devices as the verifier's owner has them.
    certificate
        What somebody claims about them.
    """
    start = time.perf_counter()
    try:
        if certificate.problem != problem.digest():
            raise _Rejected("it belongs to another trace, device, number of devices or service level")
        if not certificate.claims:
            raise _Rejected("it claims nothing")
        methods = _methods(problem)
        for claim in certificate.claims:
            _check(claim, methods)
    except _Rejected as rejection:
        return HindsightVerdict(Status.REJECTED, str(rejection), time.perf_counter() - start)
    return HindsightVerdict(Status.BOUND, None, time.perf_counter() - start)


def _methods(problem: HindsightProblem) -> dict[tuple[str, str], tuple[Recompute, tuple[str, ...]]]:
    """Return the methods of the problem's machine model, each with the columns that it takes."""
    batches = isinstance(problem.device, BatchDevice)
    try:
        case = BatchCase(problem) if batches else RoundCase(problem)
    except InputError as error:
        raise _Rejected(str(error)) from None

    def bound_to(method: Method) -> Recompute:
        return partial(method.recompute, case)

    methods = BATCH_METHODS if batches else ANY_METHODS
    return {key: (bound_to(method), method.columns) for key, method in methods.items()}


def _check(claim: Claim, methods: dict[tuple[str, str], tuple[Recompute, tuple[str, ...]]]) -> None:
    key = (claim.objective, claim.method)
    if key not in methods:
        raise _Rejected(f"{claim.name}: there is no such method")
    if (claim.quantile is not None) != (claim.objective == "percentile"):
        raise _Rejected(f"{claim.name}: a percentile has a quantile, and nothing else has")
    if claim.quantile is not None and not 0 < claim.quantile <= 1:
        raise _Rejected(f"{claim.name}: the quantile is not over 0 and at most 1")
    recompute, columns = methods[key]
    if set(claim.multipliers) != set(columns):
        raise _Rejected(f"{claim.name}: its multipliers are {', '.join(columns) or 'none'}")
    try:
        reached = recompute(claim)
    except ValueError as error:
        raise _Rejected(f"{claim.name}: {error}") from None
    if reached is None:
        raise _Rejected(f"{claim.name}: its multipliers do not reach {claim.value}")
    if reached < claim.value:
        raise _Rejected(f"{claim.name}: it reaches {reached}, not {claim.value}")
