"""``batchproof bound``: how far a given plan is from the best, certified."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from milp.cli import options
from milp.cli.errors import ExitCode, code_of
from milp.cli.evaluate import report_evaluation
from milp.cli.output import report
from milp.cli.progress import shown_progress
from milp.cli.records import exact, result_record


@click.command()
@options.instance_argument
@click.option("--plan", required=True, type=options.INPUT_FILE, help="Plan file, such as your scheduler's.")
@options.time_limit_option
@options.gap_option
@options.workers_option
@options.seed_option
@options.json_option
def bound(instance: str, plan: Path, as_json: bool, **settings: Any) -> ExitCode:
    """Bound how much better than PLAN any plan could be.

    A plan that violates the instance gets no bound: its violations are printed and the exit code is 1.
    """
    import milp
    from instances import evaluate, read_plan

    problem = options.load_instance(instance)
    given = read_plan(plan, problem)
    evaluation = evaluate(problem, given)
    if not evaluation.feasible:
        missing = {**exact("lower_bound", None), **exact("gap", None), "certified": False, "runtime_s": 0.0}
        return report_evaluation(as_json, problem, given, evaluation, missing)
    with shown_progress() as progress:
        result = milp.bound(problem, given, progress=progress, **settings)

    def tables() -> Iterable[Any]:
        from milp.cli.tables import result_tables

        return result_tables(result, {})

    report(as_json, result_record(result), tables)
    return code_of(result.status)
