"""The priority scheduler against static batching, on devices that work in rounds.

    python -m benchmarks.serving.priority [--data FOLDER] [--out results/priority.md]

Two traces, three loads, every part of the scheduler switched off in turn. FOLDER holds
``azure/AzureLLMInferenceTrace_conv.csv``; without it the generated trace is measured alone. Everything but
the speed at the end is the same on every machine.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from pathlib import Path

from benchmarks.serving import priority_tables as tables
from heuristics.schedulers.rounds import POLICIES, RoundOptions, policy, simulate
from heuristics.schedulers.rounds.batch_size import FIXED, BatchSizeRules
from heuristics.schedulers.rounds.policy import RoundPolicy
from heuristics.schedulers.rounds.priority import Priority, PriorityRules
from heuristics.schedulers.rounds.static_batching import StaticBatching
from instances.generate.arrivals import generate_arrivals
from instances.serving import Arrivals, RoundDevice, ServiceLevel
from instances.serving.arriving import read_arrivals
from instances.serving.classes import SHARES, draw_classes
from instances.serving.clock import NS_PER_S
from instances.serving.metrics import measure
from instances.serving.round_columns import busy, served
from instances.serving.round_rules import broken_rules, idle_while_waiting

DEVICE, DEVICES = RoundDevice(), 2
LEVEL = ServiceLevel((30 * NS_PER_S, 60 * NS_PER_S, 120 * NS_PER_S))
LOADS = (Fraction(3, 5), Fraction(19, 20), Fraction(5, 4))
"""Arrivals per second over what FCFS with 64 requests per device completes when all wait from the start."""

WAIT_LOADS = tuple(Fraction(percent, 100) for percent in (95, 100, 105, 110))
"""Loads around the one from which on queues grow."""

BATCH_SIZES = (8, 16, 32, 64)
ALL = PriorityRules()
WITHOUT_WAIT = replace(ALL, batch_size=BatchSizeRules(feedback="service"))
FIXED_SIZE = replace(ALL, batch_size=FIXED)


def priority(rules: PriorityRules) -> RoundPolicy:
    """Return the priority scheduler with these rules."""
    return partial(Priority, rules=rules, service_level=LEVEL)


def without(rules: PriorityRules, *, boost: bool = True, preemption: bool = True) -> PriorityRules:
    """Return rules with parts of them switched off."""
    return replace(
        rules,
        boost_after=rules.boost_after if boost else None,
        preempted_below=rules.preempted_below if preemption else 0,
    )


CONTENDERS: dict[str, RoundPolicy] = {
    **{f"static {size}": partial(StaticBatching, batch_size=size) for size in (8, 64)},
    "FCFS": policy("fcfs"),
    "MC-SF": policy("mc-sf"),
    "priority": priority(ALL),
    "priority − preemption": priority(without(ALL, preemption=False)),
    "priority − boost": priority(without(ALL, boost=False)),
    "priority − both": priority(without(ALL, boost=False, preemption=False)),
    "priority, P99 of service": priority(WITHOUT_WAIT),
    "priority 64": priority(FIXED_SIZE),
    "priority 64 − preemption": priority(without(FIXED_SIZE, preemption=False)),
    "priority 64 − boost": priority(without(FIXED_SIZE, boost=False)),
    "priority 64 − both": priority(without(FIXED_SIZE, boost=False, preemption=False)),
}
"""Name in the tables to policy."""


@dataclass(frozen=True)
class Trace:
    """Requests with the classes that they were drawn into, and what FCFS can do with them."""

    name: str
    arrivals: Arrivals
    capacity: Fraction

    def at(self, load: Fraction) -> Arrivals:
        """Return the requests at this share of the capacity."""
        span = Fraction(int(self.arrivals.arrival[-1]), NS_PER_S)
        return self.arrivals.faster(load * self.capacity * span / len(self.arrivals))


def at_once(arrivals: Arrivals) -> Arrivals:
    """Return the same requests, all present at the start, in the same order."""
    return replace(arrivals, arrival=0 * arrivals.arrival)


def traces(data: Path | None, requests: int) -> Iterator[Trace]:
    """Yield the traces at hand."""
    found = {
        "BurstGPT-like, generated": generate_arrivals("burstgpt-like", requests, 0, per_second=Fraction(1))
    }
    path = None if data is None else data / "azure" / "AzureLLMInferenceTrace_conv.csv"
    if path is not None and path.exists():
        found = {"Azure 2023, conversation": read_arrivals(path, "azure")[0]} | found
    for name, arrivals in found.items():
        drawn = arrivals.with_priority(draw_classes(len(arrivals), 0, SHARES))
        finish = simulate(at_once(drawn), DEVICE, DEVICES, policy("fcfs")).finish.max()
        yield Trace(name, drawn, Fraction(len(drawn) * NS_PER_S, int(finish)))


def row(arrivals: Arrivals, contender: RoundPolicy) -> tables.Row:
    """Simulate, check and measure."""
    schedule = simulate(arrivals, DEVICE, DEVICES, contender)
    broken = broken_rules(arrivals, DEVICE, DEVICES, schedule)
    broken += idle_while_waiting(arrivals, DEVICES, schedule)
    if broken:
        raise RuntimeError("; ".join(broken))
    found = measure(arrivals, served(DEVICE, schedule), busy(schedule), DEVICES, LEVEL)
    waits = schedule.completion - arrivals.arrival - schedule.run_time
    return tables.Row(
        throughput=float(found.throughput),
        utilisation=float(found.utilisation),
        p99=[found.classes[level].latency.p99 / NS_PER_S for level in range(3)],
        late=found.total.violations or 0,
        largest_wait=int(waits.max()) / NS_PER_S,
        longest_run=int(schedule.run_time.max()) / NS_PER_S,
        preemptions=int(schedule.preemptions.sum()),
        running=int((schedule.running * schedule.rounds).sum()) / int(schedule.rounds.sum()),
    )


def speed(requests: int) -> Iterator[tuple[str, float, int, int]]:
    """Yield policy, seconds of processor time, strides and rounds for a trace at 95 % of the capacity."""
    arrivals = generate_arrivals("burstgpt-like", requests, 1, per_second=Fraction(1))
    arrivals = arrivals.with_priority(draw_classes(requests, 1))
    finish = simulate(at_once(arrivals.first(10_000)), DEVICE, DEVICES, policy("fcfs")).finish.max()
    trace = Trace("", arrivals, Fraction(10_000 * NS_PER_S, int(finish))).at(Fraction(19, 20))
    for name in POLICIES:
        start = time.process_time()
        schedule = simulate(trace, DEVICE, DEVICES, policy(name, RoundOptions(service_level=LEVEL)))
        seconds = time.process_time() - start
        yield name, seconds, len(schedule.rounds), int(schedule.rounds.sum())


def main(arguments: list[str] | None = None) -> int:
    """Measure and write the page."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, help="folder of traces")
    parser.add_argument("--out", type=Path, default=Path("results/priority.md"))
    parser.add_argument("--requests", type=int, default=20_000, metavar="N", help="of the generated trace")
    parser.add_argument("--speed", type=int, default=100_000, metavar="N", help="requests of the last table")
    given = parser.parse_args(arguments)
    text = [tables.introduction(DEVICE, DEVICES, LEVEL)]
    for trace in traces(given.data, given.requests):
        text.append(f"\n## {trace.name}: {len(trace.arrivals):,} requests\n")
        everything = at_once(trace.arrivals)
        saturated = {
            f"static {size}": row(everything, partial(StaticBatching, batch_size=size))
            for size in BATCH_SIZES
        }
        saturated |= {name: row(everything, CONTENDERS[name]) for name in tables.SATURATED}
        text.append(tables.saturated(saturated))
        for load in LOADS:
            arrivals = trace.at(load)
            # Where nobody waits, the parts of the scheduler have nothing to do.
            names = tables.AT_EASE if load < Fraction(9, 10) else tuple(CONTENDERS)
            rows = {name: row(arrivals, CONTENDERS[name]) for name in names}
            text.append(tables.loaded(load, load * trace.capacity, rows, ALL.boost_after or 0))
            print(trace.name, float(load), flush=True)
        waits = {
            load: {name: row(trace.at(load), CONTENDERS[name]) for name in tables.WAITING}
            for load in WAIT_LOADS
        }
        text.append(tables.waits(waits, ALL.boost_after or 0))
    if given.speed:
        text.append(tables.speed(given.speed, list(speed(given.speed))))
    given.out.write_text("\n".join(text) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
