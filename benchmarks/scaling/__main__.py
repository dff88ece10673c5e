"""Measure how time, memory and gap grow: ``python -m benchmarks.scaling --data FOLDER``.

FOLDER holds ``azure/``, the Azure conversation trace of 2023. Demand is drawn from it with replacement, both
lengths jittered by up to 10 %, written as an Azure trace, and read, solved and verified in a fresh process.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from fractions import Fraction
from pathlib import Path

from benchmarks.fresh import leave_nothing_behind, run_fresh
from benchmarks.machine import machine, markdown
from benchmarks.records import Record, Records
from benchmarks.reference import AZURE
from benchmarks.scaling.child import PROBLEMS
from benchmarks.scaling.demand import write_demand

SIZES: dict[str, tuple[int, bool]] = {
    "10³": (10**3, False),
    "10⁴": (10**4, False),
    "10⁵": (10**5, False),
    "10⁶": (10**6, False),
    "histogram of 10⁹": (10**9, True),
}
"""Name to number of requests, and whether they are a histogram."""

PHASES = ("reading", "formulation", "heuristic", "root", "engine", "tree", "verification")
PACKAGES = ("batchproof", "ortools", "highspy", "numpy", "pandas")


def main(arguments: list[str] | None = None) -> None:
    """Run what is missing, then write the table of all there is."""
    given = _options(arguments)
    records = Records(given.out.with_suffix(".jsonl"), given.resume)
    with tempfile.TemporaryDirectory() as folder:
        for size, (requests, histogram) in SIZES.items():
            for problem in PROBLEMS:
                label = f"{problem}, {size}"
                key = {"problem": problem, "size": size, "time_limit": given.time_limit, "gap": given.gap}
                if (given.only and not any(part in label for part in given.only)) or records.find(key):
                    continue
                demand = write_demand(Path(folder), given.data / AZURE, requests, histogram)
                records.add(key | _run(demand, problem, given))
                print(" | ".join(_row(records.all[-1])), flush=True)
                given.out.write_text(_page(records, given), encoding="utf-8")
    given.out.write_text(_page(records, given), encoding="utf-8")


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder of traces")
    parser.add_argument(
        "--only", nargs="+", default=[], help="parts of 'problem, size', such as 'token' or 10⁵"
    )
    parser.add_argument("--time-limit", type=float, default=60, help="seconds to read and solve")
    parser.add_argument("--gap", type=float, default=0.001, help="certified gap at which a run ends")
    parser.add_argument("--stop", type=float, default=600, help="seconds after which a run is killed")
    parser.add_argument("--memory", type=float, default=8, help="GiB")
    parser.add_argument("--resume", action="store_true", help="skip what is in the file of records")
    parser.add_argument("--out", type=Path, default=Path("results/scaling.md"))
    return parser.parse_args(arguments)


def _run(demand: Path, problem: str, given: argparse.Namespace) -> Record:
    words = [str(demand), problem, "--time-limit", str(given.time_limit)]
    words += ["--gap", str(given.gap)]
    command = [sys.executable, "-m", "benchmarks.scaling.child", *words]
    ended = run_fresh(command, seconds=given.stop, memory_mib=1024 * given.memory)
    whole = {"whole_seconds": ended.seconds, "cpu_seconds": ended.cpu_seconds, "peak_mib": ended.peak_mib}
    if ended.stopped is not None or ended.code != 0:
        why = {"time": "stopped: time", "memory": "stopped: memory"}.get(ended.stopped or "", "failed")
        note = (ended.err.strip().splitlines() or [""])[-1][:200]
        return {**whole, "status": why, "note": note, "seconds": ended.seconds, "phases": {}}
    return {**whole, **json.loads(ended.out.splitlines()[-1])}


def _row(run: Record) -> list[str]:
    cost, lower = (None if run.get(key) is None else Fraction(run[key]) for key in ("cost", "lower"))
    gap = "—" if not cost or lower is None else f"{100 * float((cost - lower) / cost):.2g} %"
    return [
        run["problem"],
        run["size"],
        *(f"{run[key]:,}" if key in run else "—" for key in ("rows", "groups")),
        run["status"],
        *("—" if value is None else f"{float(value):.8g}" for value in (lower, cost)),
        gap,
        *(f"{run['phases'][phase]:.1f}" if phase in run["phases"] else "—" for phase in PHASES),
        f"{run['seconds']:.1f}",
        f"{run['cpu_seconds']:.1f}",
        f"{run['peak_mib']:,.0f}",
    ]


def _page(records: Records, given: argparse.Namespace) -> str:
    runs = [run for run in records.all if run["time_limit"] == given.time_limit]
    order = list(SIZES)
    runs.sort(key=lambda run: (list(PROBLEMS).index(run["problem"]), order.index(run["size"])))
    head = ["problem", "requests", "lengths", "groups", "status", "certified bound", "cost", "gap"]
    head += [*(f"{phase} s" for phase in PHASES), "total s", "CPU s", "peak MiB"]
    return "\n".join(
        [
            "# How time, memory and gap grow with the number of requests",
            "",
            f"Made by `python -m benchmarks.scaling` on {machine(PACKAGES)}. One run each in a fresh "
            f"process, with 2 threads and {given.time_limit:g} s to read and solve to a certified gap of "
            f"{given.gap:g} or less (verification comes on top); a run is stopped after {given.stop:g} s or "
            f"at {given.memory:g} GiB. Demand is the Azure conversation trace, resampled with replacement "
            "and both lengths jittered by up to 10 %; `lengths` are the distinct (prompt, gen), and the "
            "histogram has those of 10⁶ requests with 1,000 times the counts, and 1,000 times the cost of "
            "the shape count. Seconds by phase are wall time, `formulation` is groups, batch types and limit "
            "rows; imports are in CPU s only.",
            "",
            *markdown(head, map(_row, runs)),
            "",
        ]
    )


if __name__ == "__main__":
    leave_nothing_behind()
    main()
