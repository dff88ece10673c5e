"""``batchproof league``: every heuristic on every instance, measured against a certified bound."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from milp.cli import options
from milp.cli.errors import ExitCode, code_of
from milp.cli.output import report, require_folder, require_writable, write_json
from milp.cli.progress import progress_text, shown_progress

if TYPE_CHECKING:
    from instances import Instance, Plan
    from milp.cli.records import Record
    from milp.league import League, LeagueProgress, Standings

Given = tuple[str, Path]


class NamedPlan(click.ParamType[Given]):
    """``NAME=FILE``: a plan and what its row is called."""

    name = "NAME=FILE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Given:
        """Return `value` as (name, file)."""
        if isinstance(value, tuple):
            return value
        name, sign, file = str(value).partition("=")
        if not (name and sign and file):
            self.fail(f"expected NAME=FILE, such as mine=plan.jsonl, found {value}", param, ctx)
        return name, options.INPUT_FILE.convert(file, param, ctx)


@click.command()
@click.argument("instances", metavar="INSTANCE...", nargs=-1, required=True)
@click.option("--heuristics", metavar="A,B,...", help="Heuristics to run; the default is all, '' is none.")
@click.option(
    "--plan",
    "plans",
    type=NamedPlan(),
    metavar="NAME=FILE",
    multiple=True,
    help="Plan file that joins as a row of that name; for one instance, and as often as there are plans.",
)
@click.option(
    "--heuristic-limit",
    type=options.Finite(min=0, min_open=True),
    default=60.0,
    show_default=True,
    metavar="SECONDS",
    help="Stop a heuristic after this time.",
)
@options.time_limit_option
@options.gap_option
@options.workers_option
@options.seed_option
@click.option("--csv", type=options.OUTPUT_FILE, metavar="FILE", help="Write all rows as CSV.")
@click.option("--markdown", type=options.OUTPUT_FILE, metavar="FILE", help="Write the tables as Markdown.")
@click.option("--plot", type=options.OUTPUT_FILE, metavar="FILE", help="Draw the gaps: png, svg or pdf.")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Folder to keep every plan and every certificate in.",
)
@options.json_option
def league(
    instances: tuple[str, ...],
    heuristics: str | None,
    plans: tuple[Given, ...],
    csv: Path | None,
    markdown: Path | None,
    plot: Path | None,
    out: Path | None,
    as_json: bool,
    **rules: Any,
) -> ExitCode:
    """Run every heuristic on every INSTANCE, and certify how far its plan is from the best.

    The time limit is for the bound of each instance, which one search proves for all rows. Ctrl-C keeps the
    rows that are done.
    """
    from milp.league import Rules, run_league

    problems = [options.load_instance(name) for name in instances]
    names = None if heuristics is None else [name.strip() for name in heuristics.split(",") if name.strip()]
    given = _given(plans, problems)
    require_writable(csv, markdown, plot=plot)
    if out is not None:
        require_folder(out)
    with shown_progress(_progress_text) as progress:
        played = run_league(problems, names, rules=Rules(**rules), plans=given, progress=progress)
    if not played.standings:
        raise click.Abort
    files = _write(played, csv, markdown, plot, out)

    def tables() -> Iterable[Any]:
        from rich.markup import escape

        from milp.cli.league_tables import league_tables
        from milp.cli.tables import facts

        yield from league_tables(played)
        if files:
            yield facts({f"wrote {what}": escape(str(path)) for what, path in files.items()})

    report(as_json, _record(played, files), tables)
    return _code(played)


def _given(plans: tuple[Given, ...], problems: list[Instance]) -> dict[str, Plan]:
    """Read the plans; that there is one instance is looked at first."""
    from instances import InputError, read_plan

    if plans and len(problems) != 1:
        raise InputError("one instance with --plan", f"{len(problems)} instances")
    names = [name for name, _ in plans]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise InputError("a name of its own for each plan", f"{twice} twice", field="--plan")
    return {name: read_plan(file, problems[0]) for name, file in plans}


def _progress_text(progress: LeagueProgress) -> str:
    where = f"{progress.instance}: {progress.name}, {progress.done} of {progress.rows} rows done"
    return where if progress.search is None else f"{where}; {progress_text(progress.search)}"


def _write(
    league: League, csv: Path | None, markdown: Path | None, plot: Path | None, out: Path | None
) -> dict[str, Path]:
    """Write what was asked for; return the files."""
    files: dict[str, Path] = {}
    if csv is not None:
        from milp.league.frame import write_csv

        write_csv(league, csv)
        files["csv"] = csv
    if markdown is not None:
        from instances.files.atomic import atomic_write
        from milp.cli.league_tables import markdown_page

        with atomic_write(markdown) as file:
            file.write(markdown_page(league).encode())
        files["markdown"] = markdown
    if plot is not None:
        from milp.plots.league import draw

        draw(league, plot)
        files["plot"] = plot
    if out is not None:
        for one in league.standings:
            _keep(one, out)
        files["folder"] = out
        write_json(_record(league, files), out / "league.json")
    return files


def _keep(one: Standings, folder: Path) -> None:
    """Write the plans and the certificate of an instance."""
    from instances import write_plan
    from milp import write_certificate

    instance = _file_name(one.instance.name)
    for row in one.rows:
        # A plan from elsewhere is in a file already, and may not even be one that can be written.
        if row.attempt.plan is not None and row.source != "file":
            write_plan(
                row.attempt.plan, one.instance, folder / f"{instance}.{_file_name(row.name)}.plan.jsonl"
            )
    if one.result is not None and one.result.certificate is not None:
        write_certificate(one.result.certificate, folder / f"{instance}.certificate.json.gz")


def _file_name(name: str) -> str:
    return re.sub(r"[^\w.+=-]+", "-", name)


def _record(league: League, files: dict[str, Path]) -> Record:
    from milp.cli.league_records import league_record

    return {**league_record(league), "files": {what: str(path) for what, path in files.items()}}


def _code(league: League) -> ExitCode:
    """Return the first that applies to any instance: not verified, proven infeasible, no plan, fine."""
    rows = [row for one in league.standings for row in one.rows]
    if any(row.source == "file" and not row.within for row in rows):
        return ExitCode.NOT_VERIFIED
    codes = {code_of(one.result.status) for one in league.standings if one.result is not None}
    return next(
        (code for code in (ExitCode.NOT_VERIFIED, ExitCode.INFEASIBLE, ExitCode.NO_PLAN) if code in codes),
        ExitCode.FINE,
    )
