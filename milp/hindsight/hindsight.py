"""Hindsight bounds of a trace, all of them verified."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from instances.serving import Arrivals, BatchDevice, RoundDevice
from instances.serving.service_level import ServiceLevel
from milp.hindsight.batches.case import BatchCase
from milp.hindsight.certificate import Claim, HindsightCertificate
from milp.hindsight.claiming import claims_for
from milp.hindsight.problem import HindsightProblem
from milp.hindsight.round_case import RoundCase
from milp.hindsight.verify import HindsightVerdict, verify

QUANTILES = (Fraction(1, 2), Fraction(19, 20), Fraction(99, 100))


@dataclass(frozen=True)
class HindsightBounds:
    """What no schedule of a problem could have beaten.

    Attributes
    ----------
    problem
        What the bounds are about.
    certificate
        Every bound with its multipliers.
    verdict
        What the verifier says of the certificate.
    seconds
        Time that it took to find the bounds and to verify them.
    """

    problem: HindsightProblem
    certificate: HindsightCertificate
    verdict: HindsightVerdict
    seconds: float

    def best(self, objective: str, quantile: Fraction | None = None) -> Claim | None:
        """Return the highest bound on an objective; None if there is none."""
        own = [c for c in self.certificate.claims if (c.objective, c.quantile) == (objective, quantile)]
        return max(own, key=lambda claim: claim.value, default=None)

    def value(self, objective: str, quantile: Fraction | None = None) -> Fraction:
        """Return the highest bound on an objective, 0 if there is none: nothing is less."""
        best = self.best(objective, quantile)
        return Fraction(0) if best is None else max(Fraction(0), best.value)

    @property
    def objectives(self) -> tuple[tuple[str, Fraction | None], ...]:
        """Every bounded objective with its quantile, in the order of the claims."""
        return tuple(dict.fromkeys((claim.objective, claim.quantile) for claim in self.certificate.claims))


def bounds_for(
    arrivals: Arrivals,
    device: BatchDevice | RoundDevice,
    devices: int = 1,
    service_level: ServiceLevel | None = None,
    quantiles: Iterable[Fraction] = QUANTILES,
) -> HindsightBounds:
    """Bound every objective of a trace from below, and have the bounds verified.

    Parameters
    ----------
    arrivals
        The requests.
    device, devices
        One of the devices, and how many there are.
    service_level
        Promised latencies; without them violations are not bounded.
    quantiles
        Which percentiles of the latency to bound.

    Raises
    ------
    InputError
        If a request can never run, or numbers are out of range.
    """
    start = time.perf_counter()
    problem = HindsightProblem(arrivals, device, devices, service_level)
    case = BatchCase(problem) if isinstance(device, BatchDevice) else RoundCase(problem)
    certificate = HindsightCertificate(problem.digest(), claims_for(case, quantiles))
    verdict = verify(problem, certificate)
    return HindsightBounds(problem, certificate, verdict, time.perf_counter() - start)
