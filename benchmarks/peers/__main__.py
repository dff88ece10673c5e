"""Measure `exact` against general solvers: ``python -m benchmarks.peers --data FOLDER``.

FOLDER holds ``terminal-bench/`` and ``azure/``; without it, bundled and generated instances are run alone.
Every run is appended to a file of records, and with ``--resume`` a run that is there is not repeated.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from benchmarks.fresh import leave_nothing_behind
from benchmarks.machine import machine, markdown
from benchmarks.peers.cases import cases
from benchmarks.peers.child import NAMES
from benchmarks.peers.running import run_once
from benchmarks.peers.solvers import THREADS
from benchmarks.peers.table import AIM, merged, run_row, summary_row
from benchmarks.records import Record, Records
from milp.engines.registry import EXACT

PACKAGES = ("batchproof", "ortools", "highspy", "pulp", "pyscipopt", "numpy")


def main(arguments: list[str] | None = None) -> None:
    """Run what is missing, then write the tables of all there is."""
    given = _options(arguments)
    made = cases(given.data)
    chosen = [name for name in made if not given.only or any(part in name for part in given.only)]
    solvers = [name for name in given.solvers if name != "scip" or find_spec("pyscipopt")]
    records = Records(given.out.with_suffix(".jsonl"), given.resume)
    for name in chosen:
        missing = list(_missing(name, solvers, given, records))
        instance = made[name]() if missing else None
        for key in missing:
            assert instance is not None
            record = key | run_once(instance, key["solver"], given.time_limit, 1024 * given.memory)
            records.add(record)
            print(" | ".join(run_row(name, key["solver"], record, None)), flush=True)
        # At every instance, so that there are tables if it is cut off.
        given.out.write_text(_page(records, given), encoding="utf-8")


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, help="folder of traces")
    parser.add_argument("--only", nargs="+", default=[], help="parts of the names of instances")
    parser.add_argument("--solvers", nargs="+", default=list(NAMES), choices=NAMES)
    parser.add_argument("--time-limit", type=float, default=600, help="seconds")
    parser.add_argument("--memory", type=float, default=8, help="GiB")
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--resume", action="store_true", help="skip what is in the file of records")
    parser.add_argument("--out", type=Path, default=Path("results/peers.md"))
    return parser.parse_args(arguments)


def _missing(
    name: str, solvers: list[str], given: argparse.Namespace, records: Records
) -> Iterator[dict[str, Any]]:
    for solver in solvers:
        for turn in range(given.repeat):
            key = {
                "instance": name,
                "solver": solver,
                "time_limit": given.time_limit,
                "memory": given.memory,
                "turn": turn,
            }
            if records.find(key) is None:
                yield key


def _page(records: Records, given: argparse.Namespace) -> str:
    mine = [record for record in records.all if record["memory"] == given.memory]
    limits = sorted({record["time_limit"] for record in mine})
    sections = [
        line for limit in limits for line in _section([r for r in mine if r["time_limit"] == limit], limit)
    ]
    return "\n".join(
        [
            "# `exact` against general solvers",
            "",
            f"Made by `python -m benchmarks.peers` on {machine(PACKAGES)}; every run in a fresh process, "
            f"with {THREADS} threads (SCIP searches in one) and {given.memory:g} GiB of memory. {METHOD}",
            "",
            *sections,
        ]
    )


def _section(records: list[Record], limit: float) -> list[str]:
    runs: dict[str, dict[str, list[Record]]] = {}
    for record in records:
        runs.setdefault(record["instance"], {}).setdefault(record["solver"], []).append(record)
    table: list[list[str]] = []
    summary: list[list[str]] = []
    for name, by_solver in runs.items():
        mine = {solver: merged(by_solver[solver]) for solver in NAMES if solver in by_solver}
        table += [run_row(name, solver, run, mine.get(EXACT)) for solver, run in mine.items()]
        row = summary_row(name, mine)
        summary += [] if row is None else [row]
    slow = [f"- {row[0]}: {row[2]}; {row[3]}" for row in summary if row[-1] != "yes"]
    head = ["instance", "groups", "solver", "outcome", "seconds", "CPU s", "peak MiB", "cost", "notes"]
    return [
        f"## Time limit {limit:g} s",
        "",
        f"How many times faster, and whether at least {AIM} times:",
        "",
        *markdown(["instance", "groups", "`exact`", "best general solver", "times", "?"], summary),
        "",
        f"Where `exact` is not {AIM} times faster:",
        "",
        *(slow or ["- none"]),
        "",
        "All runs:",
        "",
        *markdown(head, table),
        "",
    ]


METHOD = (
    "Seconds are wall time from the instance in memory to the answer: writing the program and, for "
    "`exact`, verifying the certificate included, imports not. Solvers get the aggregated formulation "
    "with all batch types, no first plan and no reduction, and a relative gap of 0; `per-request-…` gets "
    "the program request by request. `optimal` is what a solver claims by itself; only the certificate "
    "of `exact` is proven, by the verifier in a process of its own. A run that had not ended after 1.2 times "
    "its limit and 30 s was killed: `none`; over its memory: `memory`. A cost is recomputed from the plan. "
    "`>`: the peer had not ended by then."
)


if __name__ == "__main__":
    leave_nothing_behind()
    main()
