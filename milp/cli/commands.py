"""The commands by name, each imported only when it is called: `--help` needs none of them."""

from __future__ import annotations

from importlib import import_module

import click

COMMANDS = {
    "solve": "find the best plan and prove how good it is",
    "verify": "recompute everything that a certificate claims",
    "evaluate": "a plan's exact metrics and what it violates",
    "bound": "how far a given plan is from the best",
    "batch": "solve every instance in folders, here or on a cluster",
    "table": "the results in a folder as a table",
    "recheck": "verify every certificate in a folder again",
    "analyze": "what can be said before any plan",
    "explain": "which limits stand in the way, and what mends it",
    "pareto": "the trade-off between two metrics, proven",
    "league": "how far every heuristic is from the best",
    "grid": "try a grid of rules for shapes and batches",
    "simulate": "run a scheduler on requests that arrive over time",
    "compare": "schedulers side by side, with what none could beat",
    "hindsight": "what no scheduler could have beaten on a trace",
    "rounds": "the least total latency of continuous batching",
    "generate": "make up an instance",
    "convert": "make an instance from a trace",
    "export": "write the integer program for another solver",
    "catalog": "list the bundled instances",
    "show-versions": "versions of batchproof, its libraries and the engines",
}
"""Command name to what it does, in the order of use."""

_MODULES = {"show-versions": "versions"}
"""Modules that are not named after their command."""


class Commands(click.Group):
    """A group that knows its commands by name, and imports the one that is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command; None if there is none of this name."""
        if cmd_name not in COMMANDS:
            return super().get_command(ctx, cmd_name)
        module = import_module(f"milp.cli.{_MODULES.get(cmd_name, cmd_name)}")
        command: click.Command = getattr(module, cmd_name.replace("-", "_"))
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what each command does."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))
