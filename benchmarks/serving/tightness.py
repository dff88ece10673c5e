"""How tight hindsight bounds are: certified bound over the exact optimum, on small random instances.

    python -m benchmarks.serving.tightness [--instances 50] [--seconds 10] [--resume]

It writes results/tightness.jsonl, one exact schedule a line, and results/tightness.md.

Optima are what CP-SAT claims, and for the mean latency what a search of all schedules proves, which a
verifier repeats. Where a bound equals the value of the schedule that was found, that schedule is certified
optimal, whatever the solver says. Every schedule is checked and measured again here.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from benchmarks.machine import machine, markdown
from benchmarks.records import Record, Records
from instances.files.atomic import atomic_write
from instances.limits import percentile_name
from instances.serving import Arrivals, BatchDevice, BatchSchedule
from instances.serving.batch_rules import broken_rules
from instances.serving.clock import NS_PER_MS
from instances.serving.service_level import ServiceLevel
from milp.hindsight.batches.case import BatchCase
from milp.hindsight.batches.exact import exact_schedule
from milp.hindsight.batches.exact_mean_latency import exact_mean_latency
from milp.hindsight.hindsight import HindsightBounds, bounds_for
from milp.hindsight.problem import HindsightProblem
from milp.hindsight.relaxations.lateness import rank

QUANTILES = (Fraction(1, 2), Fraction(19, 20))
Objective = tuple[str, Fraction | None]


@dataclass(frozen=True)
class Compared:
    """A certified bound beside the best schedule that is known."""

    bound: Fraction
    method: str
    value: Fraction
    claimed: bool

    @property
    def ratio(self) -> float:
        """Bound over value; 1 where both are 0."""
        return float(self.bound / self.value) if self.value else 1.0


def instance(seed: int) -> HindsightProblem:
    """Return 6 to 12 requests, 1 or 2 devices, and any load from idle to crowded."""
    rng = np.random.default_rng(seed)
    count, devices = int(rng.integers(6, 13)), int(rng.integers(1, 3))
    tokens = np.maximum(2, np.rint(np.exp(rng.normal(6, 0.8, count))).astype(np.int64))
    gen = np.minimum(tokens - 1, rng.integers(1, 200, count))
    span = int(rng.integers(20, 250)) * count * NS_PER_MS // devices
    arrivals = Arrivals.of(rng.integers(0, span, count), tokens - gen, gen, rng.integers(0, 2, count))
    room = max(int(tokens.max()), int(rng.integers(1500, 6000)))
    device = BatchDevice(kv_tokens=room, max_batch_size=int(rng.integers(2, 9)))
    level = ServiceLevel(tuple(sorted(int(ms) * NS_PER_MS for ms in rng.integers(150, 900, 2))))
    return HindsightProblem(arrivals, device, devices, level)


def measured(problem: HindsightProblem, schedule: BatchSchedule, objective: Objective) -> Fraction:
    """Return what a schedule has of an objective, after a look at its rules."""
    assert isinstance(problem.device, BatchDevice)
    assert problem.service_level is not None
    # Whoever knows the future may keep a device waiting, and a request.
    rules = {"fifo": False, "work_conserving": False}
    assert not broken_rules(problem.arrivals, problem.device, problem.devices, schedule, **rules)
    latency = schedule.completion - problem.arrivals.arrival
    name, quantile = objective
    if quantile is not None:
        return Fraction(int(np.sort(latency)[rank(quantile, len(latency)) - 1]))
    values = {
        "device_time": int((schedule.finish - schedule.start).sum()),
        "makespan": int(schedule.completion.max()),
        "mean_latency": Fraction(int(latency.sum()), len(latency)),
        "violations": int(problem.service_level.violations(problem.arrivals, schedule.completion).sum()),
    }
    return Fraction(values[name])


def optimum(problem: HindsightProblem, objective: Objective, seconds: float, runs: Records) -> Record:
    """Return the value of the best schedule that is found, from an earlier run if there is one."""
    name, quantile = objective
    key = {"problem": problem.digest(), "objective": name, "quantile": str(quantile), "seconds": seconds}
    known = runs.find(key)
    if known is not None:
        return known
    if name == "mean_latency":
        outcome = exact_mean_latency(BatchCase(problem), time_limit=seconds)
    else:
        outcome = exact_schedule(BatchCase(problem), name, quantile, time_limit=seconds)
    value = None if outcome.schedule is None else str(measured(problem, outcome.schedule, objective))
    runs.add({**key, "value": value, "claimed": outcome.optimal})
    return runs.all[-1]


def compare(found: HindsightBounds, seconds: float, runs: Records) -> dict[Objective, Compared]:
    """Return the optimum of every objective, and the bound by methods that traces of any size have."""
    compared = {}
    for objective in found.objectives:
        claims = [c for c in found.certificate.claims if (c.objective, c.quantile) == objective]
        best = max((c for c in claims if c.method != "subsets"), key=lambda claim: claim.value)
        known = optimum(found.problem, objective, seconds, runs)
        exact = [Fraction(known["value"] or -1)] * sum(c.method == "subsets" for c in claims)
        assert exact == [claim.value for claim in claims if claim.method == "subsets"]
        if known["value"] is not None:
            value = Fraction(known["value"])
            assert best.value <= value
            compared[objective] = Compared(best.value, best.method, value, known["claimed"])
    return compared


def table(results: list[dict[Objective, Compared]]) -> str:
    """Return one row per objective."""
    by: defaultdict[Objective, list[Compared]] = defaultdict(list)
    for result in results:
        for objective, one in result.items():
            by[objective].append(one)
    rows = []
    for (name, quantile), all_of in by.items():
        solved = [one for one in all_of if one.claimed or one.bound == one.value]
        ratios = sorted(one.ratio for one in solved)
        methods = sorted({one.method for one in solved}, key=lambda m: -sum(o.method == m for o in solved))
        rows.append(
            [
                name.replace("_", " ") if quantile is None else f"{percentile_name(quantile)} latency",
                f"{len(solved)} of {len(results)}",
                f"{np.mean(ratios):.3f}",
                f"{np.median(ratios):.3f}",
                f"{ratios[0]:.3f}",
                str(sum(one.bound == one.value for one in solved)),
                ", ".join(f"{method} {sum(one.method == method for one in solved)}" for method in methods),
            ]
        )
    heads = ["objective", "solved", "mean", "median", "least", "bound = optimum", "best method, times"]
    return "\n".join(markdown(heads, rows)) + "\n"


def main() -> None:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--instances", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--resume", action="store_true", help="keep the exact schedules of an earlier run")
    parser.add_argument("--results", type=Path, default=Path("results"))
    args = parser.parse_args()
    results, runs = [], Records(args.results / "tightness.jsonl", args.resume)
    for seed in range(args.instances):
        problem = instance(seed)
        assert isinstance(problem.device, BatchDevice)
        found = bounds_for(
            problem.arrivals, problem.device, problem.devices, problem.service_level, QUANTILES
        )
        assert found.verdict.certified
        results.append(compare(found, args.seconds, runs))
        ratios = ", ".join(f"{name} {one.ratio:.3f}" for (name, _), one in results[-1].items())
        print(f"{seed}: {len(problem.arrivals)} requests, {problem.devices} devices: {ratios}", flush=True)
    page = f"""# How tight hindsight bounds are

Made by `python -m benchmarks.serving.tightness` on {machine(["batchproof", "ortools", "numpy"])}.
{args.instances} random instances of 6 to 12 requests on 1 or 2 devices: certified bound over the optimum, for
those whose optimum CP-SAT claims within {args.seconds:g} s with 2 threads, or the bound itself proves. The
least mean latency is that of a search of all schedules, which a verifier repeats (`subsets`); its row shows
the bounds that traces of any size have. Every schedule was checked and measured again. `bound = optimum`
counts schedules that these bounds prove optimal, without any trust in a solver; the ratio of violations is 1
where both are 0.

{table(results)}"""
    with atomic_write(args.results / "tightness.md") as file:
        file.write(page.encode())


if __name__ == "__main__":
    main()
