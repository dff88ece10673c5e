"""``batchproof recheck``: verify every certificate of a folder of results again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from milp.cli import options
from milp.cli.errors import ExitCode
from milp.cli.output import report

if TYPE_CHECKING:
    from milp.cli.records import Record
    from milp.results.rechecking import Rechecked


@click.command()
@click.argument("results", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--jobs", type=click.IntRange(min=1), help="Processes at a time.  [default: cores]")
@options.json_option
def recheck(results: Path, jobs: int | None, as_json: bool) -> ExitCode:
    """Verify every certificate in RESULTS again, against the instances kept there.

    Loads no solver. Reports every record that does not hold: a file that was changed or is missing, or a
    bound that its certificate does not prove. The exit code is then 1.
    """
    from milp.batch.executors import threads
    from milp.batch.rechecks import in_slot
    from milp.batch.surroundings import cores
    from milp.results.rechecking import recheck as check

    with threads(jobs or cores()) as pool:
        checked = check(results, pool=pool, one=in_slot, progress=_show)
    report(as_json, _record(checked), lambda: [_text(checked)])
    return ExitCode.NOT_VERIFIED if _bad(checked) else ExitCode.FINE


def _show(one: Rechecked) -> None:
    if one.reason is not None:
        click.echo(f"{one.instance or one.record}: {one.reason}", err=True)


def _bad(checked: list[Rechecked]) -> list[Rechecked]:
    return [one for one in checked if one.reason is not None]


def _record(checked: list[Rechecked]) -> Record:
    bad = _bad(checked)
    return {
        "status": "does not hold" if bad else "holds",
        "records": len(checked),
        "certificates": sum(one.certified for one in checked),
        "failed": [{"record": one.record, "instance": one.instance, "reason": one.reason} for one in bad],
    }


def _text(checked: list[Rechecked]) -> str:
    from rich.markup import escape

    from milp.cli.tables import facts

    bad = _bad(checked)
    rows = {
        "records": str(len(checked)),
        "certificates": str(sum(one.certified for one in checked)),
        "do not hold": str(len(bad)),
    }
    return "\n".join(
        [facts(rows), *(f"[red]{escape(one.record)}[/] {escape(one.reason or '')}" for one in bad)]
    )
