"""The least total latency in rounds, as a table for people and as a dictionary for JSON."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

from milp.cli.records import Record, exact
from milp.cli.tables import facts, percent, status_text
from milp.hindsight.rounds.proofs import method_of

if TYPE_CHECKING:
    from rich.console import RenderableType

    from milp.hindsight.rounds.checking import RoundBound

WORDS = {"paths": "shortest paths under prices of requests", "memory prices": "prices of memory"}


def rounds_tables(found: RoundBound, dropped: int, files: dict[str, str]) -> Iterator[RenderableType]:
    """Yield what the bound is about, the verdict, and the latencies if it holds."""
    problem, verdict = found.problem, found.verdict
    requests = f"{problem.requests:,}" + (f", {dropped:,} too long for the memory dropped" if dropped else "")
    rows = {
        "requests": requests,
        "memory": f"{problem.memory:,} tokens",
        "status": status_text(verdict.status.value),
    }
    if verdict.reason is not None:
        rows["reason"] = escape(verdict.reason)
    rows["method"] = WORDS[method_of(found.proof)]
    rows["gap"] = percent(_gap(found))
    rows["time"] = f"{found.seconds:.2f} s, verification {found.verification:.2f}"
    yield facts(rows)
    if verdict.upper is not None and verdict.lower is not None:
        yield _latencies(found, verdict.upper, verdict.lower)
        if files:
            yield facts({f"wrote {what}": escape(path) for what, path in files.items()})


def _latencies(found: RoundBound, upper: int, lower: int) -> Table:
    table = Table(title="latency in rounds", title_justify="left", title_style="")
    table.add_column("")
    for column in ("total", "mean", "over the bound"):
        table.add_column(column, justify="right")
    rows = {"MC-SF": found.online, "best schedule": upper, "certified bound": lower}
    for name, total in rows.items():
        mean = total / found.problem.requests
        table.add_row(name, f"{total:,}", f"{mean:,.1f}", f"{total / lower:.4f}" if lower else "")
    return table


def _gap(found: RoundBound) -> Fraction | None:
    upper, lower = found.verdict.upper, found.verdict.lower
    return None if upper is None or lower is None else Fraction(upper - lower, upper)


def rounds_record(found: RoundBound, dropped: int, files: dict[str, str]) -> Record:
    """Return everything that is known; latencies are sums in rounds."""
    return {
        "status": found.verdict.status.value,
        "reason": found.verdict.reason,
        "certified": found.verdict.reason is None,
        "method": method_of(found.proof),
        "latency": found.verdict.upper,
        "lower_bound": found.verdict.lower,
        **exact("gap", _gap(found)),
        "mc_sf_latency": found.online,
        "requests": found.problem.requests,
        "dropped": dropped,
        "memory_tokens": found.problem.memory,
        "start": found.proof.start.tolist() if found.verdict.reason is None else None,
        "runtime_s": round(found.seconds, 3),
        "verification_s": round(found.verification, 3),
        "files": files,
    }
