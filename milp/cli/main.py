"""The command group and its entry point."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence

import click

from milp.cli.analyze import analyze
from milp.cli.batch import batch
from milp.cli.bound import bound
from milp.cli.catalog import catalog
from milp.cli.compare import compare
from milp.cli.convert import convert
from milp.cli.errors import ExitCode, is_bad_input, one_line
from milp.cli.evaluate import evaluate
from milp.cli.explain import explain
from milp.cli.export import export
from milp.cli.generate import generate
from milp.cli.grid import grid
from milp.cli.hindsight import hindsight
from milp.cli.league import league
from milp.cli.pareto import pareto
from milp.cli.recheck import recheck
from milp.cli.rounds import rounds
from milp.cli.simulate import simulate
from milp.cli.solve import solve
from milp.cli.table import table
from milp.cli.verify import verify
from milp.cli.versions import show_versions


class InOrder(click.Group):
    """A group that lists its commands in the order in which they were added."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands."""
        return list(self.commands)


def _print_version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        # Slow to import, so not for `--help`.
        from importlib.metadata import version

        click.echo(f"batchproof {version('batchproof')}")
        ctx.exit()


@click.group(cls=InOrder, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Print the version and exit.",
)
def cli() -> None:
    """Batching and shape plans for compiled accelerators, with proofs that anybody can check.

    An INSTANCE is a file, or the name of a bundled instance (see `batchproof catalog`). Every command takes
    --json and then prints one JSON object on stdout; progress and messages go to stderr.

    Exit codes: 0 fine, 1 not verified or limits violated, 2 bad input, 3 proven infeasible, 4 no plan found.
    """


for command in (
    solve,
    verify,
    evaluate,
    bound,
    batch,
    table,
    recheck,
    analyze,
    explain,
    pareto,
    league,
    grid,
    simulate,
    compare,
    hindsight,
    rounds,
    generate,
    convert,
    export,
    catalog,
    show_versions,
):
    cli.add_command(command)


def main(args: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    Parameters
    ----------
    args
        Arguments after the program name; None means those of the process.
    """
    given = list(sys.argv[1:] if args is None else args) or ["--help"]
    try:
        code = cli.main(given, prog_name="batchproof", standalone_mode=False)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read our output has left: Python must not try to flush it again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.PIPE_CLOSED
    except (click.Abort, KeyboardInterrupt):
        click.echo("batchproof: interrupted", err=True)
        return ExitCode.INTERRUPTED
    except Exception as error:
        if not is_bad_input(error):
            raise
        message = one_line(error)
        click.echo(f"batchproof: error: {message}", err=True)
        if "--json" in given:
            click.echo(json.dumps({"status": "bad input", "error": message}))
        return ExitCode.BAD_INPUT
    return int(code or 0)
