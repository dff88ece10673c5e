"""One run in a process of its own: an instance and a solver in, one JSON object out."""

from __future__ import annotations

import argparse
import json
import resource
import time
from fractions import Fraction
from pathlib import Path
from typing import Any

import instances
import milp
from benchmarks.peers.per_request import per_request
from benchmarks.peers.program import aggregated, too_large
from benchmarks.peers.solvers import SOLVERS
from instances.batch_model import form_batch_model
from instances.exact import exact_text
from instances.instance import Instance
from instances.metrics import evaluate
from milp.engines.base import Unsuited
from milp.engines.registry import EXACT
from milp.solving import solve
from milp.status import Status

PER_REQUEST = "per-request-"
NAMES = (EXACT, *SOLVERS, f"{PER_REQUEST}cpsat", f"{PER_REQUEST}highs")

CLAIMS = {Status.OPTIMAL: "optimal", Status.INFEASIBLE: "infeasible"}


def run(instance: Instance, solver: str, limit: float, certificate: Path) -> dict[str, Any]:
    """Solve an instance; reading it and importing solvers is over, writing its program is not.

    Returns
    -------
    dict
        ``claim``, ``cost`` and ``lower`` as exact text, ``seconds``, ``cpu_seconds`` and what else there is
        to say. ``cost`` is recomputed from the plan; ``lower`` is certified for ``exact``, else claimed.
    """
    start, before = time.monotonic(), _cpu()
    if solver == EXACT:
        answer = _exact(instance, limit, certificate)
    else:
        answer = _peer(instance, solver, limit, start)
    return {**answer, "seconds": time.monotonic() - start, "cpu_seconds": _cpu() - before}


def _exact(instance: Instance, limit: float, certificate: Path) -> dict[str, Any]:
    found = solve(instance, time_limit=limit)
    if found.certificate is not None:
        milp.write_certificate(found.certificate, certificate)
    feasible = found.evaluation is not None and found.evaluation.feasible
    return {
        "claim": CLAIMS.get(found.status, "open"),
        "cost": exact_text(found.cost) if feasible and found.cost is not None else None,
        "lower": None if found.lower_bound is None else exact_text(found.lower_bound),
        "note": "" if found.certified else str(found.status),
    }


def _peer(instance: Instance, solver: str, limit: float, start: float) -> dict[str, Any]:
    model = form_batch_model(instance)
    try:
        name = solver.removeprefix(PER_REQUEST)
        program = aggregated(model) if name == solver else per_request(model)
        built = time.monotonic() - start
        size = {"columns": program.width, "rows": program.height, "build_seconds": built}
        answer = SOLVERS[name](program, max(1.0, limit - built))
    except Unsuited as reason:
        return {"claim": "unsuited", "cost": None, "lower": None, "note": str(reason)}
    notes = [too_large(program)]
    cost = None
    if answer.solution is not None:
        try:
            evaluation = evaluate(instance, program.plan_of(answer.solution), model.groups)
        except ValueError as reason:
            notes.append(f"its solution is no plan: {reason}")
        else:
            cost = evaluation.cost if evaluation.feasible else None
            if not evaluation.feasible:
                notes.append(f"its plan breaks {evaluation.violations[0].kind}")
    return {
        "claim": answer.claim,
        "cost": None if cost is None else exact_text(cost),
        "lower": None if answer.bound is None else exact_text(Fraction(answer.bound) / instance.cost_scale),
        "note": "; ".join(filter(None, notes)),
        **size,
    }


def _cpu() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def _import(solver: str) -> None:
    """Import what a solver needs, so that it does not count."""
    import highspy  # noqa: F401
    from ortools.sat.python import cp_model  # noqa: F401

    import milp.search  # noqa: F401

    if solver == "scip":
        import pyscipopt  # type: ignore[import-not-found, import-untyped, unused-ignore]  # noqa: F401


def main() -> None:
    """Read the instance, run, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("instance", type=Path)
    parser.add_argument("solver", choices=NAMES)
    parser.add_argument("--time-limit", type=float, required=True)
    parser.add_argument("--certificate", type=Path, required=True)
    given = parser.parse_args()
    instance = instances.read(given.instance)
    _import(given.solver)
    print(json.dumps(run(instance, given.solver, given.time_limit, given.certificate)))


if __name__ == "__main__":
    main()
