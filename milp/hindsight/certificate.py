"""A hindsight certificate: claimed bounds, each with the multipliers that it is recomputed from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

Multipliers = Mapping[str, tuple[int, ...]]
"""Columns of integers by name; each method says what its columns mean."""


@dataclass(frozen=True)
class Claim:
    """No schedule has less of the objective than the value.

    Attributes
    ----------
    objective
        What is bounded: ``device_time``, ``makespan``, ``mean_latency`` or ``percentile``, in ns, or
        ``violations``, a number of requests.
    method
        How the bound is recomputed.
    value
        The claimed bound.
    quantile
        Which percentile of the latencies; None for other objectives.
    multipliers
        What the method is given beside the problem.
    """

    objective: str
    method: str
    value: Fraction
    quantile: Fraction | None = None
    multipliers: Multipliers = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Return objective, quantile and method in one word each."""
        quantile = "" if self.quantile is None else f" {self.quantile}"
        return f"{self.objective}{quantile} by {self.method}"


@dataclass(frozen=True)
class HindsightCertificate:
    """Claims about one problem.

    Attributes
    ----------
    problem
        SHA-256 of the problem, hexadecimal.
    claims
        What is claimed of it.
    """

    problem: str
    claims: tuple[Claim, ...]
