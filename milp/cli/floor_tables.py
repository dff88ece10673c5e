"""The floors of an analysis beside the limits that they face."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

from milp.cli.tables import number, percent
from milp.verifier import relative_gap

if TYPE_CHECKING:
    from milp.analysis import Analysis, Floor

UNITS = {"pad_ratio": "pad ratio", "total_time": "total time ms"}


def floor_table(analysis: Analysis) -> Table:
    """Return the floors, by stream, the whole last."""
    table = Table(
        title="Floors: no plan has less, even if no other limit holds",
        title_justify="left",
        title_style="bold",
        caption="certified: by the verifier. gap: to a plan that keeps to no other limit.",
        caption_justify="left",
    )
    table.add_column("stream")
    table.add_column("metric")
    for column in ("floor", "gap", "limit"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    before: object = ()
    for floor in analysis.floors:
        if before not in ((), floor.stream):
            table.add_section()
        name = "all" if floor.stream is None else analysis.streams[floor.stream].name
        metric = UNITS.get(
            floor.metric, f"{floor.metric} ms" if floor.metric.startswith("p") else floor.metric
        )
        cells = (_value(floor, floor.lower), _gap(floor), _value(floor, floor.limit))
        table.add_row("" if before == floor.stream else escape(name), metric, *cells, _verdict(floor))
        before = floor.stream
    return table


def _value(floor: Floor, value: Fraction | None) -> str:
    if value is None:
        return ""
    return f"{float(value):.6f}" if floor.metric == "pad_ratio" else number(value)


def _gap(floor: Floor) -> str:
    if floor.lower is None or floor.value is None:
        return ""
    return percent(relative_gap(floor.lower, floor.value))


def _verdict(floor: Floor) -> str:
    if floor.lower is None:
        return f"[yellow]{floor.status}[/]" if not floor.unreachable else "[red]no plan at all[/]"
    if floor.unreachable:
        return "[red]no plan can meet it[/]"
    if floor.room is None:
        return "[green]certified[/]"
    return f"[green]certified[/], room {float(100 * floor.room):.3g} %"
