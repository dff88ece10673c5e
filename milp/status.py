"""What can be said of an outcome."""

from __future__ import annotations

from enum import StrEnum


class Status(StrEnum):
    """Verdicts; only what the verifier computed is called certified."""

    OPTIMAL = "certified optimal"
    GAP = "certified gap"
    INFEASIBLE = "certified infeasible"
    BOUND = "certified bound"
    CLAIMED = "claimed"
    NO_PLAN = "no plan found"
    REJECTED = "rejected"
