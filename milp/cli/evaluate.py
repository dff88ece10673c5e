"""``batchproof evaluate``: a plan's exact metrics and what it violates."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from milp.cli import options
from milp.cli.errors import ExitCode
from milp.cli.output import report
from milp.cli.records import Record, evaluation_record, exact

if TYPE_CHECKING:
    from rich.console import RenderableType

    from instances import Evaluation, Instance, Plan


@click.command()
@options.instance_argument
@click.argument("plan", type=options.INPUT_FILE)
@options.json_option
def evaluate(instance: str, plan: Path, as_json: bool) -> ExitCode:
    """Compute a plan's exact metrics and list what it violates."""
    from instances import evaluate as measure
    from instances import read_plan

    problem = options.load_instance(instance)
    chosen = read_plan(plan, problem)
    return report_evaluation(as_json, problem, chosen, measure(problem, chosen))


def report_evaluation(
    as_json: bool, instance: Instance, plan: Plan, evaluation: Evaluation, extra: Record | None = None
) -> ExitCode:
    """Print an evaluation and return its exit code.

    Parameters
    ----------
    extra
        Entries to add to the JSON object.
    """
    record: Record = {
        "status": "feasible" if evaluation.feasible else "violated",
        **exact("cost", evaluation.cost),
        **(extra or {}),
        "instance": instance.name,
        **evaluation_record(instance, plan, evaluation),
    }

    def tables() -> Iterator[RenderableType]:
        from milp.cli.tables import evaluation_tables, plan_table

        yield plan_table(plan, evaluation)
        yield from evaluation_tables(instance, evaluation)

    report(as_json, record, tables)
    return ExitCode.FINE if evaluation.feasible else ExitCode.NOT_VERIFIED
