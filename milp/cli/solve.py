"""``batchproof solve``: search for the best plan and a proof of how good it is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from milp.cli import options
from milp.cli.errors import ExitCode, code_of
from milp.cli.output import report, require_folder, write_json
from milp.cli.progress import shown_progress
from milp.cli.records import Record, result_record, step_record

if TYPE_CHECKING:
    from instances import Instance, Plan
    from milp import Step


def _heuristics() -> Iterable[str]:
    import heuristics

    return heuristics.NAMES


@click.command()
@options.instance_argument
@click.option(
    "--engine", metavar="NAME", help="One that `batchproof show-versions` lists; the default is the best."
)
@click.option(
    "--heuristic", type=options.LazyChoice(_heuristics), help="Heuristic that makes the first plan."
)
@click.option("--warm-start", type=options.INPUT_FILE, metavar="PLAN", help="Plan file to start from.")
@options.minimize_option
@options.time_limit_option
@options.gap_option
@options.workers_option
@options.seed_option
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default="results",
    show_default=True,
    metavar="DIR",
    help="Folder for the plan, the certificate and the result.",
)
@options.json_option
def solve(
    instance: str,
    engine: str | None,
    heuristic: str | None,
    warm_start: Path | None,
    minimize: tuple[str, ...] | None,
    out: Path,
    as_json: bool,
    **settings: Any,
) -> ExitCode:
    """Find the best plan and prove how good it is.

    With --minimize, another metric than the cost, or several, one after the other.

    Writes NAME.plan.jsonl, NAME.certificate.json.gz and NAME.result.json. Ctrl-C ends the search early and
    keeps the best plan and bound so far.
    """
    import milp

    problem = options.load_instance(instance)
    if engine is not None:
        options.require_engine(engine)
        settings["engine"] = engine
    start = None if warm_start is None else _first_plan(warm_start, problem)
    require_folder(out)
    aims = minimize or (problem.minimize,)
    with shown_progress() as progress:
        steps = milp.lexicographic(
            problem, aims, heuristic=heuristic, warm_start=start, progress=progress, **settings
        )
    result = steps[-1].result
    name = problem.name if minimize is None else f"{problem.name}.{'-'.join(aims)}"
    said = {**settings, "heuristic": heuristic, "warm_start": warm_start, "minimize": aims}
    files, record = _write(steps, name, out, said)

    def tables() -> Iterable[Any]:
        from milp.cli.tables import result_tables, steps_text

        return [*([steps_text(steps)] if len(steps) > 1 else []), *result_tables(result, files)]

    report(as_json, record, tables)
    code = code_of(result.status)
    # A bound may be certified where no plan was found.
    return ExitCode.NO_PLAN if code is ExitCode.FINE and result.plan is None else code


def _first_plan(path: Path, instance: Instance) -> Plan:
    """Read a plan to start from; it may break limits, but it has to serve the instance."""
    from instances import InputError, evaluate, read_plan

    plan = read_plan(path, instance)
    broken = [v for v in evaluate(instance, plan).violations if v.is_structural]
    if broken:
        raise InputError(f"a plan for {instance.name}", str(broken[0]), file=path)
    return plan


def _write(
    steps: Sequence[Step], name: str, folder: Path, settings: Record
) -> tuple[dict[str, Path], Record]:
    """Write what there is of plan, certificates and result; return the files and the record."""
    from instances import digest, write_plan
    from milp import write_certificate

    result = steps[-1].result
    name = re.sub(r"[^\w.+=-]+", "-", name)
    files: dict[str, Path] = {}
    for number, step in enumerate(steps[:-1], start=1):
        if step.result.certificate is not None:
            files[f"certificate {number}"] = folder / f"{name}.{number}.certificate.json.gz"
            write_certificate(step.result.certificate, files[f"certificate {number}"])
    if result.plan is not None:
        files["plan"] = folder / f"{name}.plan.jsonl"
        write_plan(result.plan, result.instance, files["plan"])
    if result.certificate is not None:
        files["certificate"] = folder / f"{name}.certificate.json.gz"
        write_certificate(result.certificate, files["certificate"])
    files["result"] = folder / f"{name}.result.json"
    texts = {key: str(value) if isinstance(value, Path) else value for key, value in settings.items()}
    record = result_record(result)
    if len(steps) > 1:
        record["steps"] = [step_record(step) for step in steps]
    record |= {
        "digest": digest(result.instance),
        "settings": texts,
        "files": {what: str(path) for what, path in files.items()},
    }
    write_json(record, files["result"])
    return files, record
