"""The command group and its entry point."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence

import click

from milp.cli.commands import Commands
from milp.cli.errors import ExitCode, is_bad_input, one_line


def _print_version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        # Slow to import, so not for `--help`.
        from importlib.metadata import version

        click.echo(f"batchproof {version('batchproof')}")
        ctx.exit()


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
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
