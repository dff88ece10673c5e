"""Solve the reference problems, verify each certificate in a process of its own, and write the table.

    python -m benchmarks.reference --data FOLDER [--repeat 3] [--time-limit 120] [--out results/reference.md]

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
from fractions import Fraction
from importlib.metadata import version
from pathlib import Path
from typing import Any

from instances import write
from instances.convert import convert

AZURE = "azure/AzureLLMInferenceTrace_conv.csv"
CASES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "public benchmark, two streams, 8 shapes, all limits": ("terminal-bench", "terminal-bench", {}),
    "Azure conversation, first 2,000, static-graph": (AZURE, "azure", {"first": 2000}),
    **{
        f"Azure conversation, token {prompt}×{gen}, 20000·n²": (
            AZURE,
            "azure",
            {"preset": "token", "granularity": (prompt, gen), "count_cost": Fraction(20000)},
        )
        for prompt, gen in ((256, 64), (64, 32), (64, 16))
    },
}


def main() -> None:
    """Run all cases."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--time-limit", type=float, default=120)
    parser.add_argument("--out", type=Path, default=Path("results/reference.md"))
    options = parser.parse_args()
    rows = [_case(options, name, *case) for name, case in CASES.items()]
    options.out.write_text(_table(rows, options), encoding="utf-8")


def _case(options: argparse.Namespace, name: str, trace: str, kind: str, extra: dict[str, Any]) -> list[str]:
    instance, _ = convert(options.data / trace, kind, **extra)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "instance.json"
        write(instance, path)
        solved = [
            _run("solve", str(path), "--time-limit", str(options.time_limit), "--out", folder)
            for _ in range(options.repeat)
        ]
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
    head = ["instance", "status", "cost", "largest gap", "solve s", "verify s", "certificate KiB"]
    names = ("batchproof", "ortools", "highspy", "numpy")
    packages = ", ".join(f"{name} {version(name)}" for name in names)
    lines = [
        "# Reference problems",
        "",
        f"Medians of {options.repeat} run(s) with a time limit of {options.time_limit:g} s on "
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
