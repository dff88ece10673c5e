"""Hindsight bounds as dictionaries for JSON: exact numbers with a float beside each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from milp.cli.records import Record, exact

if TYPE_CHECKING:
    from milp.hindsight.certificate import Claim
    from milp.hindsight.hindsight import HindsightBounds


def hindsight_record(found: HindsightBounds) -> Record:
    """Return the verdict and, if the bounds hold, the best of each objective, and every claim."""
    certified = found.verdict.certified
    best = [found.best(*objective) for objective in found.objectives] if certified else []
    return {
        "status": found.verdict.status.value,
        "reason": found.verdict.reason,
        "certified": certified,
        "bounds": [claim_record(claim) for claim in best if claim is not None],
        "claims": [claim_record(claim) for claim in found.certificate.claims] if certified else [],
        "runtime_s": round(found.seconds, 3),
        "verification_s": round(found.verdict.seconds, 3),
    }


def claim_record(claim: Claim) -> Record:
    """Return a bound; times are in ns."""
    from instances.limits import percentile_name

    objective = claim.objective if claim.quantile is None else percentile_name(claim.quantile)
    unit = "requests" if claim.objective == "violations" else "ns"
    return {
        "objective": objective,
        "method": claim.method,
        **exact("lower_bound", claim.value),
        "unit": unit,
        "multipliers": sum(len(column) for column in claim.multipliers.values()),
    }
