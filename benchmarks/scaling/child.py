"""One run in a process of its own: read, solve, verify, and say where the time went."""

from __future__ import annotations

import argparse
import json
import time
from fractions import Fraction
from pathlib import Path
from typing import Any

from benchmarks.scaling.demand import COPIES
from instances import read_demand
from instances.convert import convert
from instances.exact import exact_text
from instances.groups import form_groups
from instances.instance import Instance, Stream
from instances.presets import preset
from milp.solving import solve

PROBLEMS: dict[str, dict[str, Any]] = {
    "static-graph": {"name": "static-graph"},
    "token 64×32, 20000·n²": {"name": "token", "granularity": (64, 32), "count_cost": Fraction(20000)},
    "honest static-graph": {"name": "honest-static-graph"},
}
"""Name to the arguments of `instances.presets.preset`."""


def read(path: Path, problem: str) -> Instance:
    """Read an Azure trace, or a histogram, into an instance of a problem.

    Shapes cost as many times more beside a histogram as it has requests: the same trade-off at another size.
    """
    machine = dict(PROBLEMS[problem])
    if path.name.startswith("histogram"):
        if "count_cost" in machine:
            machine["count_cost"] *= COPIES
        return Instance("histogram", (Stream("stream 1", read_demand(path)),), **preset(**machine))
    return convert(path, "azure", machine.pop("name"), **machine)[0]


def run(path: Path, problem: str, limit: float, gap: float) -> dict[str, Any]:
    """Read, and solve to a gap within a time limit; verification comes on top."""
    start = time.monotonic()
    instance = read(path, problem)
    reading = time.monotonic() - start
    found = solve(instance, time_limit=max(1.0, limit - reading), gap=gap)
    feasible = found.evaluation is not None and found.evaluation.feasible
    # Searching is timed by phase; what is left is making groups, batch types and limit rows.
    phases = {"reading": reading, "formulation": found.seconds - sum(found.times.values()), **found.times}
    return {
        "status": str(found.status),
        "cost": exact_text(found.cost) if feasible and found.cost is not None else None,
        "lower": None if found.lower_bound is None else exact_text(found.lower_bound),
        "requests": instance.requests,
        "rows": sum(stream.demand.rows for stream in instance.streams),
        "phases": phases,
        "seconds": time.monotonic() - start,
        "groups": len(form_groups(instance)),
    }


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("demand", type=Path)
    parser.add_argument("problem", choices=PROBLEMS)
    parser.add_argument("--time-limit", type=float, required=True)
    parser.add_argument("--gap", type=float, required=True)
    given = parser.parse_args()
    # Solvers are imported when they are first used; that is no part of solving.
    import milp.engines.through_pulp
    import milp.root.cover_master  # noqa: F401

    print(json.dumps(run(given.demand, given.problem, given.time_limit, given.gap)))


if __name__ == "__main__":
    main()
