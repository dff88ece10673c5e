"""Optima of the families `tiny` and `infeasible`: ``python -m tests.oracle.optima`` stores them."""

from __future__ import annotations

import json
from pathlib import Path

from instances.catalog import names, path
from instances.exact import exact_text
from instances.files import read
from tests.oracle import best_plan

STORED = Path(__file__).with_name("optima.json")


def small_names() -> list[str]:
    """Return the names of the bundled instances that the oracle can solve."""
    return [name for name in names() if name.split("/")[0] in ("tiny", "infeasible")]


def optimum(name: str) -> int | str | None:
    """Return the least cost of a bundled instance as JSON text holds it; None if it is infeasible."""
    best = best_plan(read(path(name)))
    return None if best is None else exact_text(best.cost)


def stored() -> dict[str, int | str | None]:
    """Return the stored optima."""
    loaded: dict[str, int | str | None] = json.loads(STORED.read_text("utf-8"))
    return loaded


if __name__ == "__main__":
    STORED.write_text(json.dumps({name: optimum(name) for name in small_names()}, indent=2) + "\n", "utf-8")
