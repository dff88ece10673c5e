"""``batchproof catalog``: the bundled instances."""

from __future__ import annotations

from typing import Any

import click

from milp.cli import options
from milp.cli.errors import ExitCode
from milp.cli.output import report


@click.command()
@options.json_option
def catalog(as_json: bool) -> ExitCode:
    """List the bundled instances; their names can stand for INSTANCE everywhere."""
    from instances import catalog as bundled
    from instances import read

    rows = [_row(name, read(bundled.path(name))) for name in bundled.names()]
    report(as_json, {"instances": rows}, lambda: [_lines(rows)])
    return ExitCode.FINE


def _row(name: str, instance: Any) -> dict[str, Any]:
    return {
        "name": name,
        "streams": len(instance.streams),
        "requests": instance.requests,
        "distinct_lengths": sum(stream.demand.rows for stream in instance.streams),
        "max_shapes": instance.shape_limit,
    }


def _lines(rows: list[dict[str, Any]]) -> str:
    # Plain lines instead of a table: a name is never cut or folded, however narrow the terminal.
    heads = ("name", "streams", "requests", "lengths", "max shapes")
    width = max(len(row["name"]) for row in rows)
    lines = [f"[bold]{heads[0]:<{width}}  " + "  ".join(heads[1:]) + "[/]"]
    for row in rows:
        name, *numbers = row.values()
        texts = ("any" if value is None else f"{value:,}" for value in numbers)
        cells = (f"{text:>{len(head)}}" for text, head in zip(texts, heads[1:], strict=True))
        lines.append(f"{name:<{width}}  " + "  ".join(cells))
    return "\n".join(lines)
