"""``batchproof convert``: an instance from a trace of real requests."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import click

from milp.cli import options
from milp.cli.errors import ExitCode
from milp.cli.output import report

if TYPE_CHECKING:
    from rich.console import RenderableType

    from instances import Instance
    from milp.cli.records import Record


def _formats() -> Iterable[str]:
    from instances.traces import FORMATS

    return FORMATS


@click.command()
@click.argument("trace", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--format", "form", type=options.LazyChoice(_formats), required=True, help="Format of the trace."
)
@options.preset_option(required=True)
@options.granularity_option
@options.count_cost_option
@options.max_shapes_option
@click.option(
    "--first", type=click.IntRange(min=1), help="Keep only the first so many requests of each stream."
)
@options.output_option
@options.json_option
def convert(
    trace: Path,
    form: str,
    preset: str,
    granularity: tuple[int, int | None],
    count_cost: Fraction,
    max_shapes: int | None,
    first: int | None,
    output: Path,
    as_json: bool,
) -> ExitCode:
    """Make an instance from TRACE and a machine.

    TRACE is a file, plain or gzip; a folder for terminal-bench, whose limits are kept with its own machine.
    """
    from instances.convert import convert as converted

    instance, account = converted(
        trace,
        form,
        preset=preset,
        granularity=granularity,
        count_cost=count_cost,
        max_shapes=max_shapes,
        first=first,
    )
    rows = {"rows_read": account.read, "rows_kept": account.kept, "rows_dropped": dict(account.dropped)}
    return written(instance, output, as_json, rows)


def written(instance: Instance, output: Path, as_json: bool, extra: Record | None = None) -> ExitCode:
    """Write an instance, say so, and return the exit code."""
    from instances import digest, write

    write(instance, output)
    record: Record = {
        "instance": instance.name,
        "file": str(output),
        "digest": digest(instance),
        "streams": len(instance.streams),
        "requests": instance.requests,
        "distinct_lengths": sum(stream.demand.rows for stream in instance.streams),
        **(extra or {}),
    }

    def tables() -> list[RenderableType]:
        from rich.markup import escape

        from milp.cli.tables import facts

        return [facts({name.replace("_", " "): escape(_text(value)) for name, value in record.items()})]

    report(as_json, record, tables)
    return ExitCode.FINE


def _text(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{count:,} with {reason}" for reason, count in value.items()) or "none"
    return f"{value:,}" if isinstance(value, int) else str(value)
