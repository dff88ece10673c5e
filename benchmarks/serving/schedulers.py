"""Static FIFO, dynamic and multi-bin batching at equal devices, beside what no scheduler could have beaten.

    python -m benchmarks.serving.schedulers [--data FOLDER] [--requests N] [--out results/schedulers]

Two traces, 1 and 4 devices, rates from that of the trace to 200 times it. FOLDER holds
``azure/AzureLLMInferenceTrace_conv.csv``; without it the generated trace is measured alone. Writes a page of
tables, all rows as CSV, and a picture per trace. Everything is the same on every machine.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from textwrap import wrap

from heuristics.schedulers.batches import BatchOptions
from heuristics.schedulers.batches.controller import ControllerSettings
from heuristics.schedulers.batches.sizing import Sizing
from heuristics.schedulers.predictors import NoisyOracle, Oracle
from instances.files.atomic import atomic_write
from instances.generate.arrivals import generate_arrivals
from instances.serving import Arrivals, BatchDevice, ServiceLevel
from instances.serving.arriving import read_arrivals
from instances.serving.clock import NS_PER_S
from milp.cli.compare_tables import cells
from milp.cli.league_tables import markdown
from milp.comparison import Comparison, Field, batch_contestants, compare
from milp.comparison.frame import frame
from milp.hindsight.hindsight import HindsightBounds, bounds_for
from milp.plots.canvas import save
from milp.plots.comparison import draw_comparison

RATES = tuple(Fraction(rate) for rate in (1, 2, 5, 10, 50, 200))
DEVICES = (1, 4)
LEVEL = ServiceLevel((10 * NS_PER_S,))
BINS = (1, 2, 4, 8)
ERROR = Fraction(1, 2)
TOLD = {"oracle": Oracle(), "noisy": NoisyOracle(ERROR)}
SEVERAL = tuple(f"{count} {told}" for count in BINS[1:] for told in TOLD)
CLAIMED = Fraction(27, 100)
"""Violations of multi-bin over those of dynamic batching, as published: 73 % fewer."""


def traces(data: Path | None, requests: int | None) -> Iterator[tuple[str, str, Arrivals]]:
    """Yield a word for file names, a title and the requests of each trace."""
    if data is not None:
        path = data / "azure" / "AzureLLMInferenceTrace_conv.csv"
        arrivals, _ = read_arrivals(path, "azure", first=requests)
        yield "azure", f"Azure 2023, conversation: {len(arrivals):,} requests in an hour", arrivals
    count = 20_000 if requests is None else requests
    generated = generate_arrivals("burstgpt-like", count, 1, per_second=Fraction(5), process="gamma")
    yield "burstgpt-like", f"BurstGPT-like, generated: {count:,} requests, 5 per second in bursts", generated


def contest(arrivals: Arrivals, devices: int) -> Comparison:
    """Let all schedulers serve the requests at every rate, and bound what any could."""
    device = BatchDevice()
    target = LEVEL.latency[0]
    options = BatchOptions(sizing=Sizing(controller=ControllerSettings(target, target // 20)))
    field = Field(device, devices, LEVEL)

    def bound(arriving: Arrivals) -> HindsightBounds:
        return bounds_for(arriving, device, devices, LEVEL)

    contestants = batch_contestants(field, bins=BINS, predictors=TOLD, options=options)
    return compare(arrivals, contestants, RATES, bound)


def sections(found: Comparison, title: str, devices: int) -> Iterator[str]:
    """Yield the lines of the tables of a contest."""
    yield from (f"## {title}; {devices} device{'s' if devices > 1 else ''}", "")
    for rate in RATES:
        yield from (f"Rate ×{rate}:", "", *markdown(*cells(found, rate)), "")


def violations(found: Comparison, rate: Fraction) -> dict[str, int]:
    """Return the violations of each scheduler at a rate."""
    return {row.name: row.simulation.metrics.total.violations or 0 for row in found.rows if row.rate == rate}


def verdict(found: Comparison) -> Iterator[list[str]]:
    """Yield per rate how the violations of each number of bins compare with those of dynamic batching."""
    for rate in RATES:
        late = violations(found, rate)
        yield [
            f"×{rate}",
            f"{late['static-fifo']:,}",
            f"{late['dynamic']:,}",
            *(_change(late[f"multi-bin {bins}"], late["dynamic"]) for bins in SEVERAL),
            f"{int(found.bounds[rate].value('violations')):,}",
        ]


def holding(contests: Sequence[Comparison]) -> Iterator[str]:
    """Yield in how many settings the published claim holds, and against whom."""
    everywhere = [violations(found, rate) for found in contests for rate in RATES]
    for rival in ("dynamic", "static-fifo"):
        settings = [late for late in everywhere if late[rival]]
        fewest = [min(late[f"multi-bin {bins}"] for bins in SEVERAL) for late in settings]
        ratios = [Fraction(own, late[rival]) for own, late in zip(fewest, settings, strict=True)]
        held = sum(ratio <= CLAIMED for ratio in ratios)
        text = (
            f"Under {rival} requests are late in {len(settings)} of {len(everywhere)} settings. The best "
            f"number of bins has at least 73 % fewer in {held} of these, "
            f"and {float(1 - min(ratios)):.0%} fewer at most."
        )
        if rival != "dynamic":
            own = sum(Fraction(late["dynamic"], late[rival]) <= CLAIMED for late in settings)
            text += f" Dynamic batching without bins has as many fewer in {own}."
        yield from (*wrap(text, 105), "")


HEAD = ["rate", "static FIFO", "dynamic", *(f"bins: {bins}" for bins in SEVERAL), "certified: no fewer"]


def _change(late: int, dynamic: int) -> str:
    if not dynamic:
        return "0" if not late else f"{late:,} more"
    ratio = Fraction(late, dynamic)
    return f"{float(ratio - 1):+.0%}{' ✓' if ratio <= CLAIMED else ''}"


def page(data: Path | None, requests: int | None, out: Path) -> Iterator[str]:
    """Measure, write pictures and rows, and yield the lines of the page."""
    changes: list[str] = []
    details: list[str] = []
    tables, contests = [], []
    for word, title, arrivals in traces(data, requests):
        for devices in DEVICES:
            start = time.process_time()
            found = contest(arrivals, devices)
            broken = [rule for row in found.rows for rule in row.simulation.broken]
            wrong = [rate for rate, bounds in found.bounds.items() if not bounds.verdict.certified]
            if broken or wrong:
                raise SystemExit(
                    f"{word}, {devices} devices: broken rules {broken}, bounds rejected at {wrong}"
                )
            tables.append(frame(found).assign(trace=word, devices=devices))
            details += sections(found, title, devices)
            save(draw_comparison(found, Fraction(10)), out.with_name(f"{out.name}-{word}-{devices}.png"))
            contests.append(found)
            changes += [f"### {title}; {devices} device{'s' if devices > 1 else ''}", ""]
            changes += [*markdown(HEAD, verdict(found)), ""]
            print(f"{word}, {devices} devices: {time.process_time() - start:.0f} s", file=sys.stderr)
    import pandas as pd

    with atomic_write(out.with_suffix(".csv")) as file:
        file.write(pd.concat(tables).to_csv(index=False).encode())
    yield from (*holding(contests), *changes, *details)


INTRODUCTION = """\
# Batch schedulers at equal devices, and what none could have beaten

Written by `python -m benchmarks.serving.schedulers`; the schedulers are those of
[docs/serving.md](../docs/serving.md), the bounds those of [docs/hindsight.md](../docs/hindsight.md),
each verified. T(b, L) = 15 ms + 0.3 ms·L·(1 + 0.4(b − 1)/b), 100,000 tokens of KV memory, batches of at
most 64; 10 s are promised to every request; *noisy*: gen lengths are known up to ±50 %. Exact numbers of
all rows, with their bounds: [schedulers.csv](schedulers.csv).

## Violations against dynamic batching without bins

Number of violations, and by how much those of multi-bin differ from those of dynamic batching on as many
devices. ✓: at least 73 % fewer, as published.
"""


def main(arguments: list[str] | None = None) -> int:
    """Write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder of traces")
    parser.add_argument("--requests", type=int, help="only the first so many requests of each trace")
    parser.add_argument("--out", type=Path, default=Path("results/schedulers"), help="start of file names")
    given = parser.parse_args(arguments)
    lines = [INTRODUCTION, *page(given.data, given.requests, given.out)]
    with atomic_write(given.out.with_suffix(".md")) as file:
        file.write("\n".join(lines).encode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
