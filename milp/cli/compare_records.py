"""Comparisons as dictionaries for JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from milp.cli.records import Record, exact
from milp.cli.serving_records import metrics_record

if TYPE_CHECKING:
    from instances.serving import ServiceLevel
    from milp.comparison import Comparison
    from milp.hindsight.hindsight import HindsightBounds


def comparison_record(comparison: Comparison, promised: ServiceLevel | None) -> Record:
    """Return every row, and the bounds of every rate."""
    return {
        "sla_ns": None if promised is None else list(promised.latency),
        "rows": [
            {
                **exact("rate", row.rate),
                "scheduler": row.name,
                "broken_rules": [str(rule) for rule in row.simulation.broken],
                **metrics_record(row.simulation.metrics),
            }
            for row in comparison.rows
        ],
        "bounds": [{**exact("rate", rate), **_bounds(bounds)} for rate, bounds in comparison.bounds.items()],
    }


def _bounds(bounds: HindsightBounds) -> Record:
    return {
        "status": bounds.verdict.status.value,
        "claims": [
            {
                "objective": claim.objective,
                "method": claim.method,
                "quantile": None if claim.quantile is None else str(claim.quantile),
                **exact("value", claim.value),
            }
            for claim in bounds.certificate.claims
        ],
        "seconds": round(bounds.seconds, 3),
    }
