"""What a table of measurements was made with."""

from __future__ import annotations

import platform
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version

from milp.results.table import markdown

__all__ = ["machine", "markdown"]


def machine(packages: Iterable[str]) -> str:
    """Return processor, Python and the versions of packages, those that are not installed apart."""
    return f"{platform.machine()}, Python {platform.python_version()}; {', '.join(_found(packages))}"


def _found(packages: Iterable[str]) -> Iterable[str]:
    for name in packages:
        try:
            yield f"{name} {version(name)}"
        except PackageNotFoundError:
            continue
