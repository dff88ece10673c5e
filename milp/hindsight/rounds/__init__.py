"""Continuous batching in rounds with growing memory: the least total latency, proven and certified."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from milp.hindsight.rounds.certificate import RoundCertificate
from milp.hindsight.rounds.first_schedules import mc_sf
from milp.hindsight.rounds.problem import RoundProblem
from milp.hindsight.rounds.verify import RoundVerdict, verify_rounds

if TYPE_CHECKING:
    from milp.hindsight.rounds.optimum import Effort, Optimum, minimize_latency

_FROM_OPTIMUM = ("Effort", "Optimum", "minimize_latency")

__all__ = [
    "Effort",
    "Optimum",
    "RoundCertificate",
    "RoundProblem",
    "RoundVerdict",
    "mc_sf",
    "minimize_latency",
    "verify_rounds",
]


def __getattr__(name: str) -> Any:
    # Finding prices needs a solver; the verifier must not load one.
    if name in _FROM_OPTIMUM:
        return getattr(import_module("milp.hindsight.rounds.optimum"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
