"""An analysis as tables for people."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

from milp.cli.floor_tables import floor_table
from milp.cli.tables import facts, number, percent

if TYPE_CHECKING:
    from rich.console import RenderableType

    from milp.analysis import Analysis, Lengths, StreamAnalysis
    from milp.analysis.drivers import Driver
    from milp.analysis.padding import Padding

CORNERS_SHOWN = 4


def analysis_tables(analysis: Analysis) -> Iterator[RenderableType]:
    """Yield the sections of an analysis."""
    heads = {"instance": escape(analysis.instance.name), "time": f"{analysis.seconds:.2f} s"}
    if analysis.unreachable:
        heads["verdict"] = "[red]no plan meets the limits[/]: see the floors"
    yield facts(heads)
    yield _lengths_table(analysis)
    yield _drivers_table(analysis)
    yield _padding_table(analysis)
    yield _structure_table(analysis)
    yield _cost_table(analysis)
    yield floor_table(analysis)


def ratio(value: Fraction) -> str:
    """Return a pad ratio to six decimals."""
    return f"{float(value):.6f}"


def _titled(title: str, *columns: str) -> Table:
    """Return a table whose first column is text and whose others are numbers."""
    table = Table(title=title, title_justify="left", title_style="bold")
    for index, column in enumerate(columns):
        table.add_column(escape(column), justify="right" if index else "left")
    return table


def _lengths_table(analysis: Analysis) -> Table:
    first = analysis.streams[0].prompt
    columns = ("requests", "min", "mean", *first.percentiles, "max", "total")
    table = _titled("Lengths, in tokens", "stream", *columns)
    for stream in analysis.streams:
        for name, lengths in (("prompt", stream.prompt), ("gen", stream.gen)):
            table.add_row(escape(f"{stream.name} {name}"), number(stream.requests), *_cells(lengths))
    return table


def _cells(lengths: Lengths) -> Iterator[str]:
    yield number(lengths.least)
    yield f"{float(lengths.mean):,.1f}"
    yield from map(number, lengths.percentiles.values())
    yield number(lengths.most)
    yield number(lengths.total)


def _drivers_table(analysis: Analysis) -> Table:
    table = Table(title="What few requests do", title_justify="left", title_style="bold")
    for column in ("stream", "what is driven", "requests"):
        table.add_column(column)
    for column in ("now", "without"):
        table.add_column(column, justify="right")
    for stream in analysis.streams:
        name = escape(stream.name)
        for what, requests, now, without in _drivers(stream):
            table.add_row(name, what, requests, now, without)
            name = ""
        table.add_section()
    return table


def _drivers(stream: StreamAnalysis) -> Iterator[tuple[str, str, str, str]]:
    """Yield what is driven, by which requests, as it is, and without them."""
    for longest in stream.longest:
        requests = "the longest" if longest.requests == 1 else f"the {longest.requests:,} longest"
        without = "nothing" if longest.without is None else number(longest.without)
        yield f"longest {longest.dimension}", requests, number(longest.size), without
    left = percent(1 - stream.top_share)
    yield "least work", "the costliest 1 %", "100 %", left
    for driver in stream.costliest:
        if driver.without is not None and driver.floor:
            yield "least work", _one_of(driver), "100 %", percent(driver.without / driver.floor)
    for driver in stream.most_padded:
        if driver.without is not None:
            yield "alignment padding", _one_of(driver), ratio(driver.floor), ratio(driver.without)


def _one_of(driver: Driver) -> str:
    lengths = f"{driver.prompt:,} + {driver.gen:,}"
    return lengths if driver.requests == 1 else f"{lengths}, one of {driver.requests:,}"


def _padding_table(analysis: Analysis) -> Table:
    over = analysis.instance.pad_over
    names = [_scope(analysis, budget.stream) for budget in analysis.padding]
    table = _titled(f"Padding, in tokens (pad ratio over {over} tokens)", "", *names)
    rows = [_padding_cells(budget) for budget in analysis.padding]
    for name in rows[0]:
        cells = [column[name] for column in rows]
        if any(cells):
            table.add_row(name, *cells)
    return table


def _padding_cells(budget: Padding) -> dict[str, str]:
    aligned, widths = budget.alignment, budget.widths
    return {
        "real tokens": number(aligned.real_tokens),
        "alignment of prompts": number(aligned.prompt),
        "alignment of gens": number(aligned.gen),
        "pad ratio of alignment alone": ratio(budget.least_ratio),
        "limit on the pad ratio": "" if budget.limit is None else ratio(budget.limit),
        "padding that it allows": "" if budget.budget is None else number(budget.budget),
        "left for decode padding": _left(budget),
        "gen bucket width: rule of thumb": "" if widths is None else number(widths.even),
        "gen bucket width: always safe": "" if widths is None else number(widths.safe),
        "one gen bucket alone: always safe": "" if widths is None else number(widths.fullest),
    }


def _left(budget: Padding) -> str:
    if budget.left is None:
        return ""
    return number(budget.left) if budget.left >= 0 else f"[red]{number(budget.left)}: no plan[/]"


def _structure_table(analysis: Analysis) -> Table:
    table = _titled("What every plan needs", "stream", "batches", "shapes at most")
    table.add_column("a shape of at least")
    for stream in analysis.streams:
        shapes = "" if stream.shapes is None else number(stream.shapes)
        table.add_row(escape(stream.name), number(stream.batches), shapes, _needed(analysis, stream))
    if len(analysis.streams) > 1 or analysis.shapes is not None:
        batches = number(sum(stream.batches for stream in analysis.streams))
        table.add_row("all", batches, "" if analysis.shapes is None else number(analysis.shapes), "")
    table.caption = "batches: at least, by counting. shapes at most: by the limits on cost and number."
    table.caption_justify = "left"
    return table


def _needed(analysis: Analysis, stream: StreamAnalysis) -> str:
    """Return the sizes that some shape of every plan reaches, and whether one is out of reach."""
    space = analysis.instance.shapes
    shown = [f"{p:,} × {g:,}" if g else f"{p:,}" for p, g in stream.corners[:CORNERS_SHOWN]]
    more = len(stream.corners) - CORNERS_SHOWN
    shown += [f"and {more:,} more"] if more > 0 else []
    sizes = [(space.prompt, p) for p, _ in stream.corners]
    sizes += [] if space.gen is None else [(space.gen, g) for _, g in stream.corners]
    lacking = sorted({size for allowed, size in sizes if not allowed.allows(size)})
    if lacking:
        shown.append(f"[red]no allowed size holds {lacking[-1]:,}[/]")
    return ", ".join(shown)


def _cost_table(analysis: Analysis) -> Table:
    least, plan = analysis.least_cost, analysis.greedy
    parts = {} if plan is None else plan.cost_parts
    floors = {"work": least.work, "batches": least.batches, "compile": least.cover, "base": least.base}
    met = "has none" if plan is None else "meets all limits" if plan.feasible else "misses limits"
    table = _titled(f"Cost (greedy {met})", "part", "of every plan, at least", "of greedy's plan", "share")
    whole = sum(parts.values(), Fraction(0))
    most = max(parts, key=lambda name: parts[name], default=None)
    for name in parts or floors:
        value = parts.get(name)
        share = "" if value is None or not whole else percent(value / whole)
        floor = number(floors[name]) if name in floors else ""
        table.add_row(name, floor, number(value), f"[bold]{share}[/]" if name == most else share)
    table.add_section()
    total = number(whole) if parts else "none"
    table.add_row("sum", number(sum(floors.values(), Fraction(0))), total, "")
    return table


def _scope(analysis: Analysis, stream: int | None) -> str:
    return "all" if stream is None else analysis.streams[stream].name
