"""A comparison for people: one table per rate on the terminal, and the same in Markdown."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING

from rich.table import Table

from instances.serving.clock import NS_PER_S
from milp.cli.league_tables import markdown
from milp.cli.serving_tables import decimals
from milp.cli.tables import number, status_text

if TYPE_CHECKING:
    from rich.console import RenderableType

    from milp.comparison import Comparison, Row
    from milp.hindsight.hindsight import HindsightBounds

P95, P99 = Fraction(19, 20), Fraction(99, 100)
BOUND = "no scheduler below"


def compare_tables(comparison: Comparison) -> Iterator[RenderableType]:
    """Yield a table for each rate."""
    for rate in dict.fromkeys(row.rate for row in comparison.rows):
        table = Table(title=_title(comparison, rate), title_justify="left", title_style="")
        head, rows = cells(comparison, rate)
        for index, name in enumerate(head):
            table.add_column(name, justify="right" if index else "left", no_wrap=not index)
        for line in rows:
            table.add_row(*line, style="green" if line[0] == BOUND else None)
        yield table


def markdown_page(comparison: Comparison, title: str) -> str:
    """Return all tables as one Markdown text."""
    lines = [f"# {title}", ""]
    for rate in dict.fromkeys(row.rate for row in comparison.rows):
        lines += [f"## Rate ×{number(rate)}", "", *markdown(*cells(comparison, rate)), ""]
    return "\n".join(lines)


def cells(comparison: Comparison, rate: Fraction) -> tuple[list[str], list[list[str]]]:
    """Return head and lines of the table of a rate; the certified bounds are its last line."""
    rows = [row for row in comparison.rows if row.rate == rate]
    bounds = comparison.bounds.get(rate)
    promised = rows[0].simulation.metrics.total.violations is not None
    head = ["scheduler", "mean s", "p95 s", "p99 s", *(["late %"] if promised else []), "busy %"]
    lines = [_line(row, promised) for row in rows]
    if bounds is None:
        return head, lines
    ratios = [_ratio(comparison.gap(row, "mean_latency")) for row in rows]
    lines = [[*line, ratio] for line, ratio in zip(lines, ratios, strict=True)]
    return [*head, "mean/bound"], [*lines, _bound_line(bounds, rows[0], promised)]


def _title(comparison: Comparison, rate: Fraction) -> str:
    bounds = comparison.bounds.get(rate)
    status = "" if bounds is None else f", bounds: {status_text(bounds.verdict.status.value)}"
    return f"rate ×{number(rate)}{status}"


def _line(row: Row, promised: bool) -> list[str]:
    metrics = row.simulation.metrics
    spread = metrics.total.latency
    late = [_share(metrics.total.violations or 0, row)] if promised else []
    busy = decimals(metrics.utilisation * 100, 1)
    return [row.name, *(_seconds(time) for time in (spread.mean, spread.p95, spread.p99)), *late, busy]


def _bound_line(bounds: HindsightBounds, row: Row, promised: bool) -> list[str]:
    late = [_share(int(bounds.value("violations")), row)] if promised else []
    times = [bounds.value("mean_latency"), bounds.value("percentile", P95), bounds.value("percentile", P99)]
    return [BOUND, *(_seconds(time) for time in times), *late, "", "1"]


def _seconds(ns: Fraction | int) -> str:
    """Return a time with three decimals, or fewer where it is long."""
    time = float(Fraction(ns) / NS_PER_S)
    return f"{time:,.0f}" if time >= 1000 else f"{time:.4g}"


def _share(violations: int, row: Row) -> str:
    return decimals(Fraction(100 * violations, row.simulation.metrics.total.requests), 1)


def _ratio(gap: Fraction | None) -> str:
    return "" if gap is None else f"{float(gap) + 1:.2f}"
