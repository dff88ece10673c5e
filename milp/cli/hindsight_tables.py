"""Hindsight bounds as tables for people; times in seconds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

from instances.limits import percentile_name
from milp.cli.serving_tables import decimals, seconds
from milp.cli.tables import facts, status_text

if TYPE_CHECKING:
    from rich.console import RenderableType

    from milp.hindsight.certificate import Claim
    from milp.hindsight.hindsight import HindsightBounds

WORDS = {
    "device_time": "device time, s",
    "makespan": "makespan, s",
    "mean_latency": "mean latency, s",
    "violations": "SLA violations",
}


def hindsight_tables(
    found: HindsightBounds, trace: str, devices: str, oversized: int, output: Path | None
) -> Iterator[RenderableType]:
    """Yield what the bounds are about, the verdict, and the bounds if they hold."""
    verdict, dropped = found.verdict, f", {oversized:,} too long for a device dropped" if oversized else ""
    rows = {
        "trace": f"{escape(trace)}, {len(found.problem.arrivals):,} requests{dropped}",
        "devices": devices,
        "verdict": status_text(verdict.status.value),
    }
    if verdict.reason is not None:
        rows["reason"] = escape(verdict.reason)
    rows["time"] = f"{found.seconds:.2f} s, verification {verdict.seconds:.2f}"
    yield facts(rows)
    if verdict.certified:
        yield _bounds_table(found)
        if output is not None:
            yield facts({"wrote certificate": escape(str(output))})


def _bounds_table(found: HindsightBounds) -> Table:
    table = Table(title="no scheduler has less", title_justify="left", title_style="")
    table.add_column("objective")
    table.add_column("certified bound", justify="right")
    table.add_column("method")
    table.add_column("other methods")
    for objective, quantile in found.objectives:
        best = found.best(objective, quantile)
        assert best is not None
        name = WORDS.get(objective) if quantile is None else f"{percentile_name(quantile)} latency, s"
        others = [
            f"{claim.method} {_value(claim)}"
            for claim in found.certificate.claims
            if (claim.objective, claim.quantile) == (objective, quantile) and claim is not best
        ]
        table.add_row(name, _value(best), best.method, ", ".join(others))
    return table


def _value(claim: Claim) -> str:
    return decimals(claim.value, 0) if claim.objective == "violations" else seconds(claim.value)
