"""``batchproof analyze``: the mathematics before any search."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from milp.cli import options
from milp.cli.errors import ExitCode
from milp.cli.output import report, require_writable
from milp.cli.progress import shown_progress
from milp.interrupts import noticed_interrupts

if TYPE_CHECKING:
    from rich.console import RenderableType


@click.command()
@options.instance_argument
@click.option(
    "--plot",
    type=options.OUTPUT_FILE,
    metavar="FILE",
    help="Picture of the lengths and the padding budgets: a .png, .svg or .pdf file.",
)
@options.time_limit_option
@options.json_option
def analyze(instance: str, plot: Path | None, time_limit: float, as_json: bool) -> ExitCode:
    """Say what can be said of INSTANCE before any plan.

    Lengths and the requests that drive a metric, padding that no plan avoids and what the limits leave of
    it, and the least that each metric can be when no other limit holds, certified. The time limit is for
    these floors together; Ctrl-C keeps those that are found.
    """
    from milp.analysis import analyze as analyzed

    problem = options.load_instance(instance)
    require_writable(plot=plot)
    with noticed_interrupts() as stopped, shown_progress() as progress:
        found = analyzed(problem, time_limit=time_limit, progress=progress, stopped=stopped)
    if plot is not None:
        from milp.plots.analysis import draw_lengths
        from milp.plots.canvas import save

        save(draw_lengths(problem, found.padding), plot)

    def tables() -> Iterator[RenderableType]:
        from milp.cli.analysis_tables import analysis_tables

        yield from analysis_tables(found)
        if plot is not None:
            from milp.cli.tables import facts

            yield facts({"wrote picture": str(plot)})

    from milp.cli.analysis_records import analysis_record

    report(as_json, {**analysis_record(found), "plot": None if plot is None else str(plot)}, tables)
    return ExitCode.INFEASIBLE if found.unreachable else ExitCode.FINE
