"""What a table of measurements was made with."""

from __future__ import annotations

import platform
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version


def machine(packages: Iterable[str]) -> str:
    """Return processor, Python and the versions of packages, those that are not installed apart."""
    return f"{platform.machine()}, Python {platform.python_version()}; {', '.join(_found(packages))}"


def _found(packages: Iterable[str]) -> Iterable[str]:
    for name in packages:
        try:
            yield f"{name} {version(name)}"
        except PackageNotFoundError:
            continue


def markdown(head: list[str], rows: Iterable[list[str]]) -> list[str]:
    """Return the lines of a Markdown table."""
    lines = ["| " + " | ".join(head) + " |", "| " + " | ".join("---" for _ in head) + " |"]
    # A bar would end the cell.
    return lines + ["| " + " | ".join(cell.replace("|", "/") for cell in row) + " |" for row in rows]
