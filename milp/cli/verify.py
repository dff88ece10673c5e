"""``batchproof verify``: check a certificate, trusting nothing but the definition of the problem."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from milp.cli import options
from milp.cli.errors import ExitCode, code_of
from milp.cli.output import report
from milp.cli.records import verdict_record

if TYPE_CHECKING:
    from rich.console import RenderableType


@click.command()
@options.instance_argument
@click.argument("certificate", type=options.INPUT_FILE)
@options.json_option
def verify(instance: str, certificate: Path, as_json: bool) -> ExitCode:
    """Recompute everything that a certificate claims.

    Loads no solver: the plan's cost and every bound are recomputed in exact arithmetic from the instance.
    """
    import milp

    verdict = milp.verify(options.load_instance(instance), milp.read_certificate(certificate))

    def tables() -> list[RenderableType]:
        from milp.cli.tables import verdict_table

        return [verdict_table(verdict)]

    report(as_json, verdict_record(verdict), tables)
    return code_of(verdict.status)
