"""The engines by name."""

from __future__ import annotations

from importlib.metadata import version

from instances.errors import InputError
from milp.engines.base import Engine

EXACT = "exact"


def available() -> dict[str, str]:
    """Return the engines that can be used here, with their versions."""
    from milp.engines import through_pulp

    versions = {EXACT: version("batchproof"), "cpsat": f"ortools {version('ortools')}"}
    for name in through_pulp.found():
        package = {"highs": "highspy", "scip": "pyscipopt", "gurobi": "gurobipy"}.get(name)
        via = f"PuLP {version('pulp')}"
        versions[name] = f"{package} {version(package)} through {via}" if package else f"through {via}"
    return versions


def engine(name: str) -> Engine:
    """Return an engine for formulations.

    Raises
    ------
    InputError
        If there is no such engine, or its solver is not installed.
    """
    from milp.engines import through_pulp

    if name == "cpsat":
        from milp.engines.cpsat import cpsat

        return cpsat
    found = through_pulp.found()
    if name not in found:
        choices = ", ".join([EXACT, "cpsat", *found])
        raise InputError(f"one of the engines found here ({choices})", name, field="engine")
    return through_pulp.through_pulp(name)
