"""A league for people: tables on the terminal, and the same in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

from heuristics.attempt import Outcome
from milp.cli.tables import facts, number, percent
from milp.league.summary import Summary, summaries

if TYPE_CHECKING:
    from rich.console import RenderableType

    from instances import Instance
    from milp.league import League, Row, Standings

VIOLATIONS_PER_ROW = 8
"""Violations of one plan that are spelt out; a broken plan from elsewhere can have thousands."""

MET = "met"


def league_tables(league: League) -> Iterator[RenderableType]:
    """Yield the tables of every instance, and the summary where there are several."""
    for one in league.standings:
        yield facts({name: escape(text) for name, text in heads(one).items()})
        yield _rich(STANDING, [_standing(row) for row in one.rows])
        measured = [row for row in one.rows if row.attempt.evaluation is not None and row.cost is not None]
        if measured:
            yield _rich(metric_heads(one.instance), [_metrics(one.instance, row) for row in measured])
        yield from _explained(one)
    if len(league.standings) > 1:
        yield _rich(SUMMARY, [_summed(summary) for summary in summaries(league)])


def markdown_page(league: League) -> str:
    """Return all tables as one Markdown text."""
    lines = ["# League", ""]
    for one in league.standings:
        said = [f"{name} {text}" for name, text in heads(one).items() if name != "instance"]
        names = [*STANDING, *metric_heads(one.instance)[1:]]
        rows = [[*_standing(row), *_metrics(one.instance, row)[1:]] for row in one.rows]
        lines += [f"## {one.instance.name}", "", "; ".join(said) + ".", "", *markdown(names, rows), ""]
        told = [(row.name, explanations(row)) for row in one.rows]
        words = [f"- {name}: {'; '.join(texts)}" for name, texts in told if texts]
        lines += [*words, ""] if words else []
    if len(league.standings) > 1:
        lines += ["## All instances", "", *summary_markdown(summaries(league)), ""]
    return "\n".join(lines)


def summary_markdown(found: Iterable[Summary]) -> list[str]:
    """Return the lines of the table of summaries."""
    return markdown(SUMMARY, [_summed(summary) for summary in found])


def markdown(head: list[str], rows: Iterable[list[str]]) -> list[str]:
    """Return the lines of a Markdown table, the first column to the left and the others to the right."""
    lines = [_line(head), _line(["---", *("---:" for _ in head[1:])])]
    return lines + [_line(row) for row in rows]


def _line(cells: list[str]) -> str:
    # A bar would end the cell.
    return "| " + " | ".join(cell.replace("|", "/") for cell in cells) + " |"


def heads(one: Standings) -> dict[str, str]:
    """Return what is said of an instance before its rows."""
    streams = len(one.instance.streams)
    size = f"{number(one.instance.requests)} requests in {streams} stream{'s' if streams > 1 else ''}"
    status = "interrupted before there was a bound" if one.result is None else one.result.status.value
    return {
        "instance": one.instance.name,
        "size": size,
        "status": status,
        "certified lower bound": number(one.lower_bound),
    }


STANDING = ["plan", "gap", "cost", "limits", "s"]


def _standing(row: Row) -> list[str]:
    return [
        row.name,
        "" if row.gap is None else percent(row.gap),
        "" if row.cost is None else number(row.cost),
        limits(row),
        "" if row.seconds is None else f"{row.seconds:.2f}",
    ]


def limits(row: Row) -> str:
    """Return whether limits are met, in a word or two."""
    if row.outcome is Outcome.WITHIN:
        return MET
    return f"{len(row.violations)} violated" if row.outcome is Outcome.VIOLATES else row.outcome.value


def explanations(row: Row) -> list[str]:
    """Return in words what a row violates, or why it has no plan."""
    if row.attempt.reason is not None:
        return [f"{row.outcome.value}: {row.attempt.reason}"]
    shown = [str(violation) for violation in row.violations[:VIOLATIONS_PER_ROW]]
    more = len(row.violations) - len(shown)
    return shown + ([f"… and {more:,} more"] if more else [])


def _explained(one: Standings) -> Iterator[str]:
    for row in one.rows:
        for text in explanations(row):
            yield f"[red]{escape(row.name)}[/]: {escape(text)}"


def metric_heads(instance: Instance) -> list[str]:
    """Return the columns of metrics: of the percentiles, those limited over all streams, or else p95."""
    latency = [limit.name for limit in instance.limits.latency] or ["p95"]
    return ["plan", "shapes", "batches", "pad ratio", *(f"{name} ms" for name in latency), "total time ms"]


def _metrics(instance: Instance, row: Row) -> list[str]:
    names = metric_heads(instance)
    total = None if row.attempt.evaluation is None else row.attempt.evaluation.total
    if total is None:
        return [row.name, *("" for _ in names[1:])]
    cells = {
        "plan": row.name,
        "shapes": number(total.shapes),
        "batches": number(total.batches),
        "pad ratio": number(total.pad_ratio),
        **{f"{name} ms": _short(value) for name, value in total.latency.items()},
        "total time ms": _short(total.total_time),
    }
    return [cells.get(name, "") for name in names]


def _short(value: Fraction) -> str:
    """Return a time without the digits that nobody compares by."""
    return number(round(value) if value >= 1000 else value)


SUMMARY = ["plan", "within limits", "mean gap", "worst gap", "optimal", "s"]


def _summed(summary: Summary) -> list[str]:
    return [
        summary.name,
        f"{summary.within} of {summary.instances}",
        "" if summary.mean_gap is None else percent(summary.mean_gap),
        "" if summary.worst_gap is None else percent(summary.worst_gap),
        number(summary.optimal),
        f"{summary.seconds:.1f}",
    ]


def _rich(names: list[str], rows: list[list[str]]) -> Table:
    table = Table()
    for index, name in enumerate(names):
        # Names stay in one piece, however narrow the terminal.
        table.add_column(name, justify="right" if index else "left", no_wrap=not index, overflow="fold")
    for cells in rows:
        table.add_row(*(_coloured(name, cell) for name, cell in zip(names, cells, strict=True)))
    return table


def _coloured(name: str, cell: str) -> str:
    """Return a cell as markup; colour only repeats what the words say."""
    text = escape(cell)
    if name == "limits":
        return f"[{'green' if cell == MET else 'red'}]{text}[/]"
    return f"[green]{text}[/]" if name == "gap" and cell == "0 %" else text
