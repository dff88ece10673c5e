"""Trace cost against total time on stream 1 of the public benchmark; write table, columns and picture.

    python -m benchmarks.pareto --data FOLDER [--points 16] [--from 140000000] [--time-limit 570] [--out …]

FOLDER holds ``terminal-bench/``. The benchmark's limits on padding and p95 and on the number of shapes hold;
those on cost and total time are left out, and marked in the picture. Every certificate is verified again.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from benchmarks.machine import machine, markdown
from instances.convert import convert
from instances.instance import Instance
from milp import Progress, verify
from milp.cli.tables import number
from milp.pareto import Curve, trace
from milp.pareto.area import undecided_share
from milp.pareto.export import write_csv
from milp.plots.pareto import draw

PACKAGES = ("batchproof", "ortools", "highspy", "numpy")


def stream_one(data: Path) -> Instance:
    """Return the first stream of the public benchmark as an instance, with its limits."""
    made, _ = convert(data / "terminal-bench", "terminal-bench")
    return replace(made, streams=made.streams[:1], name="public benchmark, stream 1")


def main() -> None:
    """Trace, verify, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--points", type=int, default=16)
    parser.add_argument("--from", dest="start", type=Fraction, default=Fraction(140_000_000))
    parser.add_argument("--time-limit", type=float, default=570)
    parser.add_argument("--gap", type=float, default=1e-4)
    parser.add_argument("--out", type=Path, default=Path("results/pareto.md"))
    options = parser.parse_args()
    begin = time.process_time()
    curve = trace(
        stream_one(options.data),
        "total_time",
        "cost",
        points=options.points,
        start=options.start,
        without_limits=True,
        time_limit=options.time_limit,
        gap=options.gap,
        progress=_shown,
    )
    cpu = time.process_time() - begin
    write_csv(curve, options.out.with_suffix(".csv"))
    draw(curve, options.out.with_suffix(".png"))
    options.out.write_text(_text(curve, cpu, _verified(curve), options), encoding="utf-8")


def _shown(step: str, progress: Progress) -> None:
    cost, bound = (number(value) for value in (progress.incumbent, progress.lower_bound))
    print(f"{progress.seconds:6.1f} s  {step}: {progress.phase}, {cost}, {bound}", file=sys.stderr)


def _verified(curve: Curve) -> int:
    """Return how many certificates the verifier accepts, which is all of them, or this raises."""
    for point in curve.points:
        certificate = point.result.certificate
        if (
            certificate is None
            or not verify(certificate.question.about(curve.instance), certificate).certified
        ):
            raise RuntimeError(f"the point at {point.most} is not certified")
    return len(curve.points)


def _text(curve: Curve, cpu: float, verified: int, options: argparse.Namespace) -> str:
    share = undecided_share(curve)
    rows = [
        [
            number(row.x),
            number(row.y),
            number(row.lower_bound),
            "none" if row.gap is None else f"{float(row.gap):.1e}",
        ]
        for row in curve.rows()
    ]
    kept = ", ".join(
        f"{name.words(curve.instance)} ≤ {number(value)}" for name, value in curve.kept_limits.items()
    )
    lines = [
        "# Cost against total time",
        "",
        f"Stream 1 of the public benchmark, {curve.instance.requests:,} requests, with its limits {kept}. "
        "Each row is a plan, and no plan with as little total time costs less than the bound.",
        "",
        "![cost against total time](pareto.png)",
        "",
        *markdown(["total time ms", "cost", "certified lower bound", "gap"], rows),
        "",
        f"{len(rows)} plans in {curve.seconds:.0f} s ({cpu:.0f} s of CPU) with a time limit of "
        f"{options.time_limit:g} s and a gap of {options.gap:g}; all {verified} certificates were verified. "
        + ("" if share is None else f"Undecided is {share * 100:.3g} % of the rectangle between the ends. ")
        + f"{machine(PACKAGES)}. Made by `python -m benchmarks.pareto`.",
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
