"""``batchproof grid``: try rules and numbers of shapes and batches, none twice, and keep a log."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from milp.cli import options
from milp.cli.errors import ExitCode
from milp.cli.output import report, require_folder
from milp.cli.progress import shown_progress
from milp.cli.records import Record, evaluation_record, exact

if TYPE_CHECKING:
    from rich.console import RenderableType

    from heuristics import grid as search
    from instances import Instance

SHOWN = 5
"""Best configurations that are shown."""


@click.command()
@options.instance_argument
@click.option(
    "--log",
    type=options.OUTPUT_FILE,
    metavar="FILE",
    help="Log to keep; what it already holds is not tried again.",
)
@options.time_limit_option
@click.option("-o", "--output", type=options.OUTPUT_FILE, metavar="PLAN", help="File for the best plan.")
@options.json_option
def grid(instance: str, log: Path | None, time_limit: float, output: Path | None, as_json: bool) -> ExitCode:
    """Try a grid of rules for shapes and batches, and keep the best plan.

    With --log, a run that was ended in whatever way goes on where it was. Ctrl-C ends the search and keeps
    the best so far.
    """
    from heuristics.grid import search_grid
    from instances import write_plan

    problem = options.load_instance(instance)
    if output is not None:
        require_folder(output.parent)
    with shown_progress(_progress_text) as progress:
        result = search_grid(problem, log=log, time_limit=time_limit, progress=progress)
    files = {} if log is None else {"log": log}
    if output is not None and result.plan is not None:
        write_plan(result.plan, problem, output)
        files["plan"] = output
    report(as_json, _record(problem, result, files), lambda: _tables(problem, result, files))
    if result.best is None:
        return ExitCode.NO_PLAN
    return ExitCode.FINE if result.best.status == "feasible" else ExitCode.NOT_VERIFIED


def _progress_text(progress: search.GridProgress) -> str:
    text = f"{progress.tested:,} of {progress.total:,} configurations"
    return text if progress.best is None else f"{text}, best: {_cost(progress.best)}, {progress.best.status}"


def _cost(record: search.Record) -> str:
    from fractions import Fraction

    from milp.cli.tables import number

    return "none" if record.cost is None else number(Fraction(record.cost))


def _ranked(result: search.GridResult) -> list[search.Record]:
    return sorted((record for record in result.records if record.cost is not None), key=lambda r: r.rank)


def _record(instance: Instance, result: search.GridResult, files: dict[str, Path]) -> Record:
    import msgspec

    from instances import digest, evaluate

    found = None if result.plan is None else evaluate(instance, result.plan)
    return {
        "status": "no plan found" if result.best is None else result.best.status,
        **exact("cost", None if found is None else found.cost),
        "instance": instance.name,
        "digest": digest(instance),
        "configurations": result.total,
        "tested": result.tested,
        "complete": result.complete,
        "runtime_s": round(result.seconds, 3),
        "best": [msgspec.to_builtins(record) for record in _ranked(result)[:SHOWN]],
        "files": {what: str(path) for what, path in files.items()},
        **({} if found is None or result.plan is None else evaluation_record(instance, result.plan, found)),
    }


def _tables(
    instance: Instance, result: search.GridResult, files: dict[str, Path]
) -> Iterator[RenderableType]:
    from rich.markup import escape

    from milp.cli.tables import facts

    known = "all of them" if result.complete else "not all of them"
    rows = {
        "instance": escape(instance.name),
        "configurations": f"{result.total:,}, {known} known, {result.tested:,} tested now",
        "time": f"{result.seconds:.2f} s",
    }
    yield facts(rows)
    best = _ranked(result)[:SHOWN]
    if best:
        yield _best_table(best)
    elif result.records:
        yield f"no plan found: {escape(result.records[0].note)}"
    if files:
        yield facts({f"wrote {what}": escape(str(path)) for what, path in files.items()})


def _best_table(records: list[search.Record]) -> RenderableType:
    from rich.table import Table

    # No frames: names and costs have to fit into a narrow terminal.
    table = Table(box=None, padding=(0, 2, 0, 0))
    for name in ("prompts", "gens", "cost", "shapes", "batches", "broken"):
        table.add_column(name, justify="left" if name in ("prompts", "gens") else "right", no_wrap=True)
    for record in records:
        chosen = record.configuration
        table.add_row(
            f"{chosen.prompts} {chosen.prompt_rule}",
            f"{chosen.gens} {chosen.gen_rule}",
            _cost(record),
            f"{record.shapes:,}",
            f"{record.batches:,}",
            f"{len(record.failed)} of {len(record.failed) + len(record.passed)}",
        )
    return table
