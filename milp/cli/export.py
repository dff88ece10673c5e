"""``batchproof export``: the formulation as a file for any solver."""

from __future__ import annotations

from pathlib import Path

import click

from milp.cli import options
from milp.cli.errors import ExitCode
from milp.cli.output import replacing, report


@click.command()
@options.instance_argument
@click.option("--to", "form", type=click.Choice(["mps", "lp"]), required=True, help="File format.")
@options.output_option
@options.json_option
def export(instance: str, form: str, output: Path, as_json: bool) -> ExitCode:
    """Write the integer program of an instance for another solver."""
    from rich.markup import escape

    import milp

    problem = options.load_instance(instance)
    with replacing(output) as temporary:
        milp.export(milp.formulate(problem), temporary, to=form)
    record = {"instance": problem.name, "format": form, "file": str(output), "bytes": output.stat().st_size}
    report(as_json, record, lambda: [f"wrote {escape(str(output))}"])
    return ExitCode.FINE
