"""``batchproof explain``: why limits cannot be met or a plan misses them, and what mends it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from milp.cli import options
from milp.cli.errors import ExitCode, code_of
from milp.cli.output import report, require_folder, write_json

if TYPE_CHECKING:
    from rich.console import RenderableType

    from instances import Instance
    from instances.plan import Plan
    from milp.certificate import Certificate


@click.command()
@options.instance_argument
@click.option("--plan", type=options.INPUT_FILE, help="Plan to explain instead of the instance itself.")
@options.time_limit_option
@options.workers_option
@options.seed_option
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Folder for the certificates and plans behind every statement.",
)
@options.json_option
def explain(instance: str, plan: Path | None, out: Path | None, as_json: bool, **settings: Any) -> ExitCode:
    """Explain which limits stand in the way, and what mends it.

    Of an infeasible instance: limits that cannot be met together although any fewer can, how far each has to
    give way, and the plan that exceeds the limits least. Of a feasible one: the slack and the price of each
    limit. Of a PLAN: what it misses, which batches make it so, and the changes that mend it.
    """
    problem = options.load_instance(instance)
    if out is not None:
        require_folder(out)
    explained = _instance if plan is None else _plan
    return explained(problem, plan, out, as_json, settings)


def _instance(
    problem: Instance, _: Path | None, out: Path | None, as_json: bool, settings: dict[str, Any]
) -> ExitCode:
    from milp.cli.explain_records import explanation_record
    from milp.explain import explain as explain_instance

    explanation = explain_instance(problem, **settings)
    plans: dict[str, Plan] = {}
    proofs: dict[str, Certificate] = {}
    if explanation.conflict is not None:
        proofs["conflict"] = explanation.conflict.certificate
        plans |= {f"without-{name}": plan for name, plan in explanation.conflict.witnesses.items()}
    for relaxation in explanation.relaxations:
        if relaxation.plan is not None:
            plans[f"relaxed-{relaxation.name}"] = relaxation.plan
        if relaxation.certificate is not None:
            proofs[f"below-{relaxation.name}"] = relaxation.certificate
    if explanation.compromise is not None:
        plans["compromise"] = explanation.compromise.plan
        if explanation.compromise.certificate is not None:
            proofs["compromise"] = explanation.compromise.certificate
    if explanation.result is not None:
        plans |= {} if explanation.result.plan is None else {"best": explanation.result.plan}
        proofs |= {f"price-{price.name}": price.certificate for price in explanation.prices}
    files = _write(problem, out, plans, proofs)
    record = {**explanation_record(explanation), "files": files}
    _finish(problem, out, record)

    def tables() -> Iterator[RenderableType]:
        from milp.cli.explain_tables import explanation_tables, files_table

        yield from explanation_tables(explanation)
        yield from files_table(files)

    report(as_json, record, tables)
    return code_of(explanation.status)


def _plan(
    problem: Instance, path: Path | None, out: Path | None, as_json: bool, settings: dict[str, Any]
) -> ExitCode:
    from instances import read_plan
    from milp.cli.explain_records import plan_record
    from milp.explain import explain_plan

    assert path is not None
    explanation = explain_plan(problem, read_plan(path, problem), **settings)
    plans = {} if explanation.repair is None else {"mended": explanation.repair.plan}
    files = _write(problem, out, plans, {})
    record = {**plan_record(explanation), "files": files}
    _finish(problem, out, record)

    def tables() -> Iterator[RenderableType]:
        from milp.cli.explain_tables import files_table, plan_tables

        yield from plan_tables(explanation)
        yield from files_table(files)

    report(as_json, record, tables)
    return ExitCode.FINE if explanation.evaluation.feasible else ExitCode.NOT_VERIFIED


def _write(
    problem: Instance, out: Path | None, plans: dict[str, Plan], proofs: dict[str, Certificate]
) -> dict[str, str]:
    """Write plans and certificates; return the files by what they are."""
    from instances import write_plan
    from milp import write_certificate

    files: dict[str, str] = {}
    if out is None:
        return files
    for what, plan in plans.items():
        path = out / f"{_name(problem)}.{what.replace(':', '-')}.plan.jsonl"
        write_plan(plan, problem, path)
        files[f"{what} plan"] = str(path)
    for what, proof in proofs.items():
        path = out / f"{_name(problem)}.{what.replace(':', '-')}.certificate.json.gz"
        write_certificate(proof, path)
        files[f"{what} certificate"] = str(path)
    files["explanation"] = str(_record_path(problem, out))
    return files


def _finish(problem: Instance, out: Path | None, record: dict[str, Any]) -> None:
    if out is not None:
        write_json(record, _record_path(problem, out))


def _record_path(problem: Instance, out: Path) -> Path:
    return out / f"{_name(problem)}.explain.json"


def _name(problem: Instance) -> str:
    return re.sub(r"[^\w.+=-]+", "-", problem.name)
