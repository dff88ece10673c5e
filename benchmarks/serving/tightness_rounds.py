"""How tight bounds of continuous batching are: certified bound over the certified optimum.

    python -m benchmarks.serving.tightness_rounds [--instances 50] [--out results/tightness-rounds.md]

Small random instances in rounds of equal length. Both sides are proven: the optimum by states of running
requests, and each bound by its own certificate. Half of the instances have one prompt length.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from statistics import mean, median

import numpy as np

from benchmarks.machine import machine
from instances.files.atomic import atomic_write
from instances.serving import Arrivals
from instances.serving.round_device import unit_rounds
from milp.hindsight.hindsight import bounds_for
from milp.hindsight.rounds import Effort, RoundProblem, minimize_latency, verify_rounds
from milp.hindsight.rounds.lagrangian import verify_memory_bound
from milp.hindsight.rounds.multipliers import bound_by_memory
from milp.status import Status

SECONDS = 60.0
PACKAGES = ("batchproof", "numpy", "highspy")
METHODS = ("alone", "shares of rounds", "prices of memory", "prices of requests", "optimum")


def instance(seed: int) -> RoundProblem:
    """Return 6 to 20 requests, all at once or over time, in a memory that holds two to four of them."""
    rng = np.random.default_rng(seed)
    count, memory = int(rng.integers(6, 21)), int(rng.integers(12, 25))
    one = seed % 2 == 0
    prompt = np.full(count, rng.integers(1, 5)) if one else rng.integers(1, 4, count)
    gen = np.array([rng.integers(1, memory - tokens + 1) for tokens in prompt])
    last = 1 if rng.integers(2) else int(rng.integers(2, 3 * count))
    return RoundProblem(memory, np.sort(rng.integers(0, last, count)), prompt, gen)


def bounds(problem: RoundProblem) -> dict[str, int]:
    """Return the total latency that each method proves, in rounds; the last is the optimum.

    Raises
    ------
    SystemExit
        If a certificate is rejected, or the optimum is not proven.
    """
    best = minimize_latency(problem, Effort(seconds=SECONDS))
    memory = bound_by_memory(problem, lambda: False)
    # Rounds are 1 ns, and times count from the first arrival.
    arrivals = Arrivals.of(problem.arrival, problem.prompt, problem.gen)
    device = unit_rounds(problem.memory, problem.requests)
    shares = bounds_for(arrivals, device, 1, None, ())
    verdicts = (
        verify_rounds(problem, best.certificate),
        verify_memory_bound(problem, memory),
        shares.verdict,
    )
    if Status.REJECTED in {verdict.status for verdict in verdicts} or not best.proven:
        raise SystemExit(f"verdicts {verdicts}, bounds {best.lower} and {best.upper}")
    work = max(c.value for c in shares.certificate.claims if c.method == "remaining-work")
    values = (
        int(problem.gen.sum()),
        int(-(-work * problem.requests // 1)),
        memory.claim,
        best.root,
        best.upper,
    )
    return dict(zip(METHODS, values, strict=True))


def page(count: int) -> Iterator[str]:
    """Measure so many instances, and yield the lines of the page."""
    found = []
    for seed in range(count):
        found.append(bounds(instance(seed)))
        print(f"{seed + 1} of {count}", end="\r", file=sys.stderr, flush=True)
    yield "# How tight bounds of continuous batching are\n"
    yield f"Made by `python -m benchmarks.serving.tightness_rounds` on {machine(PACKAGES)}."
    yield f"{count} random instances of 6 to 20 requests in rounds, 12 to 24 tokens of memory: certified"
    yield "bound on the total latency over its certified optimum, by the methods of"
    yield "[hindsight.md](../docs/hindsight.md) and [hindsight-rounds.md](../docs/hindsight-rounds.md).\n"
    yield "| bound | mean | median | least | bound = optimum |"
    yield "| --- | ---: | ---: | ---: | ---: |"
    for method in METHODS[:-1]:
        ratios = [Fraction(one[method], one["optimum"]) for one in found]
        numbers = (mean(ratios), median(ratios), min(ratios))
        cells = " | ".join(f"{float(number):.3f}" for number in numbers)
        yield f"| {method} | {cells} | {sum(ratio == 1 for ratio in ratios)} of {count} |"
    yield ""


def main(arguments: list[str] | None = None) -> int:
    """Write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--instances", type=int, default=50)
    parser.add_argument("--out", type=Path, default=Path("results/tightness-rounds.md"))
    given = parser.parse_args(arguments)
    text = "\n".join(page(given.instances))
    with atomic_write(given.out) as file:
        file.write(text.encode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
