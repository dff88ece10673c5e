"""``batchproof solve``: search for the best plan and a proof of how good it is."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from milp.cli import options
from milp.cli.errors import ExitCode, code_of
from milp.cli.output import report, require_folder, write_json
from milp.cli.progress import shown_progress
from milp.cli.records import Record, result_record

if TYPE_CHECKING:
    from instances import Instance, Plan
    from milp import Result


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
    out: Path,
    as_json: bool,
    **settings: Any,
) -> ExitCode:
    """Find the best plan and prove how good it is.

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
    with shown_progress() as progress:
        result = milp.solve(problem, heuristic=heuristic, warm_start=start, progress=progress, **settings)
    files, record = _write(result, out, {**settings, "heuristic": heuristic, "warm_start": warm_start})

    def tables() -> Iterable[Any]:
        from milp.cli.tables import result_tables

        return result_tables(result, files)

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


def _write(result: Result, folder: Path, settings: Record) -> tuple[dict[str, Path], Record]:
    """Write what there is of plan, certificate and result; return the files and the record."""
    from instances import digest, write_plan
    from milp import write_certificate

    name = re.sub(r"[^\w.+=-]+", "-", result.instance.name)
    files: dict[str, Path] = {}
    if result.plan is not None:
        files["plan"] = folder / f"{name}.plan.jsonl"
        write_plan(result.plan, result.instance, files["plan"])
    if result.certificate is not None:
        files["certificate"] = folder / f"{name}.certificate.json.gz"
        write_certificate(result.certificate, files["certificate"])
    files["result"] = folder / f"{name}.result.json"
    texts = {key: str(value) if isinstance(value, Path) else value for key, value in settings.items()}
    record = result_record(result)
    record |= {
        "digest": digest(result.instance),
        "settings": texts,
        "files": {what: str(path) for what, path in files.items()},
    }
    write_json(record, files["result"])
    return files, record
