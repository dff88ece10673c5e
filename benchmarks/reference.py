"""Solve the reference problems, verify each certificate in a process of its own, and write the table.

    python -m benchmarks.reference --data FOLDER [--repeat 3] [--time-limit 120] [--only NAME] [--out …]

FOLDER holds ``terminal-bench/`` (the two request files of the public benchmark) and ``azure/`` (the Azure
conversation trace of 2023). Times are medians over the repetitions, each in a fresh process.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field, replace
from fractions import Fraction
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

from instances import write
from instances.convert import convert
from instances.instance import Instance
from instances.limits import LatencyLimit, Limits

AZURE = "azure/AzureLLMInferenceTrace_conv.csv"


@dataclass(frozen=True)
class Case:
    """A reference problem: a trace below the folder, its format, arguments of `convert`, and what is added.

    Parameters
    ----------
    trace, format, arguments
        As `instances.convert.convert` takes them.
    limits
        Limits of every stream instead of those that come with the trace.
    latency
        What latency means.
    """

    trace: str
    format: str
    arguments: dict[str, Any] = field(default_factory=dict)
    limits: Limits | None = None
    latency: Literal["service", "completion"] = "service"

    def instance(self, data: Path) -> Instance:
        """Return the instance, made from the traces in a folder."""
        made, _ = convert(data / self.trace, self.format, **self.arguments)
        if self.limits is None:
            return made
        streams = tuple(replace(stream, limits=self.limits) for stream in made.streams)
        return replace(made, streams=streams, latency=self.latency)


def _latency(q: str, milliseconds: int) -> LatencyLimit:
    return LatencyLimit(Fraction(milliseconds), Fraction(q))


def _azure(preset: str, limits: Limits | None = None) -> Case:
    return Case(AZURE, "azure", {"preset": preset, "max_shapes": 8}, limits)


CASES: dict[str, Case] = {
    "public benchmark, two streams, 8 shapes, all limits": Case("terminal-bench", "terminal-bench"),
    "Azure conversation, first 2,000, static-graph": Case(AZURE, "azure", {"first": 2000}),
    "Azure conversation, first 2,000, p95 and p99 of completion limited to 0.95 of the best plan's": Case(
        AZURE,
        "azure",
        {"first": 2000},
        Limits(latency=(_latency("0.95", 904_633_380), _latency("0.99", 1_148_454_307))),
        "completion",
    ),
    "Azure conversation, first 2,000, p95 and p99 of completion limited to 0.6 of the best plan's": Case(
        AZURE,
        "azure",
        {"first": 2000},
        Limits(latency=(_latency("0.95", 571_347_398), _latency("0.99", 725_339_562))),
        "completion",
    ),
    **{
        f"Azure conversation, token {prompt}×{gen}, 20000·n²": Case(
            AZURE,
            "azure",
            {"preset": "token", "granularity": (prompt, gen), "count_cost": Fraction(20000)},
        )
        for prompt, gen in ((256, 64), (64, 32), (64, 16), (32, 8))
    },
    "Azure conversation, honest static-graph, 8 shapes": _azure("honest-static-graph"),
    "Azure conversation, honest static-graph, 8 shapes, batches of at most 16": _azure(
        "honest-static-graph", Limits(max_batch_size=16)
    ),
    "Azure conversation, honest static-graph, 8 shapes, batches of at most 65,536 tokens": _azure(
        "honest-static-graph", Limits(max_batch_tokens=65536)
    ),
    "Azure conversation, honest static-graph, 8 shapes, batch sizes 1 to 32 compiled": _azure("padded-batch"),
}


def main() -> None:
    """Run all cases."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--only", help="part of the names of the problems to solve")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--time-limit", type=float, default=120)
    parser.add_argument("--out", type=Path, default=Path("results/reference.md"))
    options = parser.parse_args()
    wanted = {name: case for name, case in CASES.items() if not options.only or options.only in name}
    rows = [_row(options, name, case) for name, case in wanted.items()]
    options.out.write_text(_table(rows, options), encoding="utf-8")


def _row(options: argparse.Namespace, name: str, case: Case) -> list[str]:
    instance = case.instance(options.data)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "instance.json"
        write(instance, path)
        solved: list[dict[str, Any]] = []
        # Runs that end at the time limit tell little more the second time.
        while len(solved) < options.repeat and sum(run["runtime_s"] for run in solved) < options.time_limit:
            words = ("--time-limit", str(options.time_limit), "--out", folder)
            solved.append(_run("solve", str(path), *words))
        certificate = next(Path(folder).glob("*.certificate.json.gz"))
        checked = [_run("verify", str(path), str(certificate)) for _ in range(options.repeat)]
        size = certificate.stat().st_size / 2**10
    gap = max(float(run["gap_float"]) for run in solved)
    status = {run["status"] for run in solved}
    row = [
        name,
        " / ".join(sorted(status)),
        str(min(run["cost"] for run in solved)),
        f"{gap:.1e}" if gap else "0",
        f"{statistics.median(run['runtime_s'] for run in solved):.1f}",
        str(len(solved)),
        f"{statistics.median(run['runtime_s'] for run in checked):.2f}",
        f"{size:.0f}",
    ]
    print(" | ".join(row), flush=True)
    return row


def _run(*words: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "milp", *words, "--json"]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def _table(rows: list[list[str]], options: argparse.Namespace) -> str:
    head = ["instance", "status", "cost", "largest gap", "solve s", "runs", "verify s", "certificate KiB"]
    names = ("batchproof", "ortools", "highspy", "numpy")
    packages = ", ".join(f"{name} {version(name)}" for name in names)
    lines = [
        "# Reference problems",
        "",
        f"Medians over the runs with a time limit of {options.time_limit:g} s on "
        f"{platform.machine()}, 2 cores, Python {platform.python_version()}; {packages}. Every certificate "
        "was accepted by the verifier. Made by `python -m benchmarks.reference`.",
        "",
        "| " + " | ".join(head) + " |",
        "| " + " | ".join("---" for _ in head) + " |",
        *("| " + " | ".join(row) + " |" for row in rows),
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
