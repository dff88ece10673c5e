"""``batchproof verify``: check a certificate, trusting nothing but the definition of the problem."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from milp.cli import options
from milp.cli.errors import ExitCode, code_of
from milp.cli.output import report
from milp.cli.records import question_record, verdict_record

if TYPE_CHECKING:
    from rich.console import RenderableType


@click.command()
@options.instance_argument
@click.argument("certificate", type=options.INPUT_FILE)
@options.json_option
def verify(instance: str, certificate: Path, as_json: bool) -> ExitCode:
    """Recompute everything that a certificate claims.

    Loads no solver: the plan's cost and every bound are recomputed in exact arithmetic from the instance. A
    certificate may be about the instance with another aim or other limits; then these are printed, too.
    """
    import milp

    proof = milp.read_certificate(certificate)
    own = options.load_instance(instance)
    problem = proof.question.about(own)
    verdict = milp.verify(problem, proof)

    def tables() -> list[RenderableType]:
        from milp.cli.tables import question_text, verdict_table

        asked = [] if proof.question.is_own else [question_text(proof.question, own)]
        return [verdict_table(verdict, problem.minimize), *asked]

    report(as_json, {**verdict_record(verdict, problem.minimize), **question_record(proof.question)}, tables)
    return code_of(verdict.status)
