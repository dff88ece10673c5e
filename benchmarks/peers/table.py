"""Tables of the runs: every run, and how much faster `exact` is than the best general solver."""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from fractions import Fraction
from typing import Any

from milp.engines.registry import EXACT

Record = dict[str, Any]

AIM = 20
"""How many times faster `exact` is meant to be."""

DONE = ("optimal", "infeasible")
ROUNDING = Fraction(1, 10**9)
"""Share by which bounds of solvers that compute in floats may be off without being called wrong."""


def merged(runs: list[Record]) -> Record:
    """Return the repetitions of a run as one: median times, most memory, the worst claim and bounds."""
    worst = max(runs, key=lambda run: (run["claim"] not in DONE, run["seconds"]))
    return {
        **worst,
        "seconds": statistics.median(run["seconds"] for run in runs),
        "cpu_seconds": statistics.median(run["cpu_seconds"] for run in runs),
        "peak_mib": max(run["peak_mib"] for run in runs),
        "runs": len(runs),
    }


def contradiction(peer: Record, exact: Record) -> str:
    """Say in what a solver's claim contradicts what is certified; empty if in nothing."""
    cost, lower = _number(peer["cost"]), _number(peer["lower"])
    least, most = _number(exact["lower"]), _number(exact["cost"])
    if not str(exact.get("verdict", "")).startswith("certified"):
        return ""
    if peer["claim"] == "infeasible" and most is not None:
        return "says infeasible, but there is a plan"
    if exact["claim"] == "infeasible" and (cost is not None or peer["claim"] == "optimal"):
        return "claims a plan, but there is none"
    if lower is not None and most is not None and lower > most + ROUNDING * abs(most):
        return f"claims that nothing costs less than {float(lower):.10g}, but a plan does"
    if cost is not None and least is not None and cost < least:
        return "found a plan below the certified bound"
    if peer["claim"] == "optimal" and cost is not None and most is not None and cost > most:
        return "claims an optimum, but there is a cheaper plan"
    return ""


def speed_up(exact: Record, peers: Iterable[Record]) -> tuple[Record | None, float | None]:
    """Return the best peer, and how many times longer than `exact` it took; at least so, if it did not end.

    A peer that ended with a proof is better than one that did not; among those, the faster one. Without a
    proof of `exact` itself there is no number.
    """
    able = [peer for peer in peers if peer["claim"] != "unsuited"]
    if not able:
        return None, None
    best = min(able, key=lambda peer: (peer["claim"] not in DONE, _effort(peer)))
    if exact["claim"] not in DONE:
        return best, None
    return best, best["seconds"] / exact["seconds"]


def run_row(name: str, solver: str, run: Record, exact: Record | None) -> list[str]:
    """Return the row of one solver on one instance."""
    notes = [run["note"]]
    if exact is not None and exact is not run:
        notes.append(contradiction(run, exact))
    if solver == EXACT:
        notes.append(f"verifier: {run.get('verdict', '?')}")
    return [
        name,
        f"{run['groups']:,}",
        solver,
        outcome(run),
        f"{run['seconds']:.1f}",
        f"{run['cpu_seconds']:.1f}",
        f"{run['peak_mib']:,.0f}",
        "—" if run["cost"] is None else _short(run["cost"]),
        "; ".join(filter(None, notes)),
    ]


def summary_row(name: str, runs: dict[str, Record]) -> list[str] | None:
    """Return how `exact` compares on one instance; None if it was not run."""
    exact = runs.get(EXACT)
    if exact is None:
        return None
    best, factor = speed_up(exact, (run for solver, run in runs.items() if solver != EXACT))
    if best is None:
        return None
    ended = best["claim"] in DONE
    times = "—" if factor is None else f"{'' if ended else '> '}{factor:.1f}"
    verdict = "yes"
    if factor is None or factor < AIM:
        # A peer that was cut off may take any longer.
        verdict = "**no**" if ended else "not shown"
    exact_text, best_text = (f"{outcome(run)}, {run['seconds']:.1f} s" for run in (exact, best))
    return [name, f"{exact['groups']:,}", exact_text, f"{best['solver']}: {best_text}", times, verdict]


def outcome(run: Record) -> str:
    """Return what a run ended with: a claim of optimality, a gap, or why there is neither."""
    if run["claim"] != "open":
        return str(run["claim"])
    gap = _gap(run)
    if gap is not None:
        return f"gap {100 * gap:.2g} %"
    return "no plan" if run["cost"] is None else "no bound"


def _effort(peer: Record) -> tuple[float, float]:
    if peer["claim"] in DONE:
        return 0.0, peer["seconds"]
    gap = _gap(peer)
    return (float("inf") if gap is None else gap), peer["seconds"]


def _gap(run: Record) -> float | None:
    cost, lower = _number(run["cost"]), _number(run["lower"])
    if cost is None or lower is None or not cost:
        return None
    return float(max(Fraction(0), cost - lower) / abs(cost))


def _number(text: str | int | None) -> Fraction | None:
    return None if text is None else Fraction(text)


def _short(text: str | int) -> str:
    value = Fraction(text)
    return f"{value.numerator:,}" if value.denominator == 1 else f"{float(value):,.6f}"
