"""``batchproof show-versions``: what a report of a problem should name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from milp.cli import options
from milp.cli.errors import ExitCode
from milp.cli.output import report

if TYPE_CHECKING:
    from rich.console import RenderableType

LIBRARIES = ("numpy", "networkx", "msgspec", "pandas", "pulp", "psutil", "click", "rich")


@click.command()
@options.json_option
def show_versions(as_json: bool) -> ExitCode:
    """Print the versions of batchproof, its libraries and the engines at hand."""
    import platform
    from importlib.metadata import version

    from milp import engines

    heads = {
        "batchproof": version("batchproof"),
        "python": platform.python_version(),
        "platform": platform.platform(),
    }
    libraries = {name: version(name) for name in LIBRARIES}
    at_hand = engines.available()

    def tables() -> list[RenderableType]:
        from milp.cli.tables import facts

        return [facts({**heads, **libraries, **{f"engine {name}": text for name, text in at_hand.items()}})]

    report(as_json, {**heads, "libraries": libraries, "engines": at_hand}, tables)
    return ExitCode.FINE
