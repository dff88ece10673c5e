"""``batchproof batch``: every instance in folders, each a job with limits of its own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from milp.cli import options
from milp.cli.errors import ExitCode
from milp.cli.output import report

if TYPE_CHECKING:
    from milp.batch.run import Summary
    from milp.cli.records import Record

FAILURES_SHOWN = 50


@click.command()
@click.argument("places", metavar="FOLDER...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default="results",
    show_default=True,
    metavar="DIR",
    help="Folder for records, certificates and plans; results that are in it are not computed again.",
)
@click.option("--jobs", type=click.IntRange(min=1), help="Jobs at a time.  [default: cores / workers]")
@click.option("--scheduler", metavar="ADDRESS", help="Run the jobs on the Dask cluster at tcp://HOST:PORT.")
@click.option("--engine", metavar="NAME", help="One that `batchproof show-versions` lists.")
@options.time_limit_option
@click.option(
    "--stop-after",
    type=options.Finite(min=0, min_open=True),
    metavar="SECONDS",
    help="End a job that still runs after this time.  [default: 2 x time limit + 60]",
)
@click.option(
    "--memory-limit",
    type=options.Finite(min=1),
    metavar="MB",
    help="End a job that takes more memory, in MiB.  [default: 80 % of the machine's / jobs]",
)
@options.gap_option
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Threads of each job's engine.",
)
@options.seed_option
@click.option(
    "--resume/--no-resume",
    default=True,
    show_default=True,
    help="Keep what an earlier run finished with the same engine, settings and version.",
)
@click.option("--retry-failed", is_flag=True, help="Try again what crashed or was stopped in an earlier run.")
@click.option(
    "--filter", "patterns", multiple=True, metavar="GLOB", help="Only files that match; may be repeated."
)
@options.json_option
def batch(
    places: tuple[Path, ...],
    out: Path,
    jobs: int | None,
    scheduler: str | None,
    engine: str | None,
    stop_after: float | None,
    memory_limit: float | None,
    resume: bool,
    retry_failed: bool,
    patterns: tuple[str, ...],
    as_json: bool,
    **settings: Any,
) -> ExitCode:
    """Solve every instance (*.json, *.json.gz) in folders.

    Each is a job in a process of its own, and what goes wrong with it stops nothing else. Results are written
    as they come: a run that was cut off goes on where it was when it is started again.

    The exit code is 1 if an instance failed; the summary says which, and why.
    """
    from milp.batch.nursery import nursery_of

    # It imports much of what this process does, which can be done at the same time.
    nursery_of(None)
    from milp.batch.board import shown_board
    from milp.batch.intake import Task
    from milp.batch.job import JobLimits
    from milp.batch.run import run_batch
    from milp.batch.surroundings import cores, memory_share, versions
    from milp.engines.registry import EXACT
    from milp.results.store import Store

    if engine is not None:
        options.require_engine(engine)
    if scheduler is None:
        jobs = jobs or max(1, cores() // settings["workers"])
        _warn_of_crowding(jobs, settings["workers"], cores())
        memory_limit = memory_limit or round(memory_share(jobs))
    limits = JobLimits(memory_limit, stop_after or 2 * settings["time_limit"] + 60)
    task = Task(engine or EXACT, settings, limits, versions()["batchproof"])
    with shown_board() as board:
        summary = run_batch(
            places,
            Store(out),
            task,
            board,
            jobs=jobs,
            patterns=patterns,
            scheduler=scheduler,
            resume=resume,
            retry_failed=retry_failed,
        )
    report(as_json, _record(summary, out), lambda: [_text(summary, out)])
    if summary.interrupted:
        return ExitCode.INTERRUPTED
    return ExitCode.NOT_VERIFIED if summary.failed else ExitCode.FINE


def _warn_of_crowding(jobs: int, workers: int, cores: int) -> None:
    if jobs * workers > cores:
        click.echo(
            f"batchproof: warning: {jobs} jobs x {workers} workers on {cores} cores: "
            "searches get less time than their limit says",
            err=True,
        )


def _record(summary: Summary, out: Path) -> Record:
    failed = [
        {
            "instance": r.instance,
            "source": r.source,
            "outcome": r.outcome.value,
            "error": r.error,
            "record": r.id,
        }
        for r in summary.failed
    ]
    return {
        "status": "interrupted" if summary.interrupted else "failures" if failed else "fine",
        "files": summary.files,
        "solved": len(summary.records),
        "known_already": len(summary.kept),
        "repeated": summary.repeated,
        "statuses": summary.statuses,
        "failed": failed,
        "out": str(out),
    }


def _text(summary: Summary, out: Path) -> str:
    from rich.markup import escape

    from milp.cli.tables import facts

    rows = {"files": str(summary.files)}
    if summary.repeated:
        rows["the same problem as another"] = str(summary.repeated)
    if summary.kept:
        rows["known already"] = str(len(summary.kept))
    rows |= {status: str(number) for status, number in summary.statuses.items()}
    lines = [facts(rows)]
    for record in summary.failed[:FAILURES_SHOWN]:
        error = record.error or ""
        place = "" if error.startswith(record.source) else f"{record.source}: "
        lines.append(f"[red]{record.outcome}[/] {escape(place + error)}")
    if len(summary.failed) > FAILURES_SHOWN:
        lines.append(f"[red]…[/] and {len(summary.failed) - FAILURES_SHOWN} more")
    if summary.interrupted:
        lines.append("[yellow]interrupted[/]: the same command goes on where this one stopped")
    lines.append(f"results in {escape(str(out))}; `batchproof table {escape(str(out))}` shows them")
    return "\n".join(lines)
