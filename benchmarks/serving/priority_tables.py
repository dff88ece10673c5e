"""Tables of the priority benchmark, as Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from instances.serving import RoundDevice, ServiceLevel
from instances.serving.clock import NS_PER_S

SATURATED = ("FCFS", "MC-SF", "priority", "priority, P99 of service", "priority 64")
"""Contenders besides static batching that are measured with all requests waiting."""

AT_EASE = ("static 8", "static 64", "FCFS", "MC-SF", "priority", "priority − both")
"""Contenders that are measured where devices keep up with ease."""

WAITING = ("priority", "priority − boost")
"""Contenders whose largest wait is measured around the load from which on queues grow."""

CLAIM = 2.5
"""Throughput over static batching that the design of the priority scheduler claims."""


@dataclass(frozen=True)
class Row:
    """What a contender did; times in s."""

    throughput: float
    utilisation: float
    p99: Sequence[float]
    late: int
    largest_wait: float
    longest_run: float
    preemptions: int
    running: float

    def waits_at_most(self, boost: float) -> bool:
        """Return whether nobody waits longer than the boost and one batch: the longest time that one runs."""
        return self.largest_wait <= boost + self.longest_run


def introduction(device: RoundDevice, devices: int, level: ServiceLevel) -> str:
    """Return what is measured."""
    fixed, prefill, request, held = (
        float(c) for c in (device.fixed, device.prefill, device.per_request, device.per_held)
    )
    promised = ", ".join(f"{latency // NS_PER_S}" for latency in level.latency)
    return f"""# The priority scheduler against static batching

Written by `python -m benchmarks.serving.priority`; what the words mean is in
[docs/serving-rounds.md](../docs/serving-rounds.md). {devices} devices, rounds of {fixed:g} ms +
{prefill:g} ms per prefilled token + {request:g} ms per request + {held:g} ms per held token,
{device.kv_tokens:,} tokens of KV memory, at most {device.max_batch_size} requests each. Classes drawn
20/30/50, promised {promised} s. Gen lengths are known. Every schedule has been checked against the rules of
the model.

- *load*: arrivals per second over the requests per second that FCFS completes when all wait from the start.
- *P99*: of latency in s, by class. *late*: requests that miss what their class is promised.
- *largest wait*: longest time that a request is there and does not run, preemptions included, in s.
  *holds*: it is at most 30 s plus one batch, the longest time that any request ran.
- *running*: requests per round, on average.
- *static n*: static batching with batches of n. *priority*: the scheduler as designed; *− boost*,
  *− preemption*, *− both*: without these; *P99 of service*: its batch size
  follows P99 without the wait for the first round; *priority 64*: its batch size stays at 64."""


def saturated(rows: Mapping[str, Row]) -> str:
    """Return what the contenders complete when everybody waits from the start."""
    small, large = (rows[f"static {size}"].throughput for size in (8, 64))
    lines = [
        f"All requests present at the start; the claim is {CLAIM} × the throughput of static batching:\n",
        "| | requests/s | over static 8 | over static 64 | claim holds against | running |",
        "| --- | ---: | ---: | ---: | --- | ---: |",
    ]
    for name, row in rows.items():
        over = (row.throughput / small, row.throughput / large)
        claim = ", ".join(
            f"static {size}" for size, ratio in zip((8, 64), over, strict=True) if ratio >= CLAIM
        )
        cells = (f"{row.throughput:.2f}", f"{over[0]:.2f}", f"{over[1]:.2f}", claim or "–")
        lines.append(f"| {name} | {' | '.join(cells)} | {row.running:.1f} |")
    return "\n".join(lines)


def loaded(load: Fraction, per_second: Fraction, rows: Mapping[str, Row], boost: int) -> str:
    """Return what the contenders do at a load."""
    small, large = (rows[f"static {size}"].throughput for size in (8, 64))
    lines = [
        f"\nLoad {float(100 * load):.0f} %, {float(per_second):.2f} requests/s:\n",
        "| | requests/s | over static 8, 64 | utilisation | P99 class 0, 1, 2 | late | largest wait |"
        " holds | preempted | running |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | --- | ---: | ---: |",
    ]
    for name, row in rows.items():
        cells = (
            f"{row.throughput:.2f}",
            f"{row.throughput / small:.2f}, {row.throughput / large:.2f}",
            f"{100 * row.utilisation:.1f} %",
            ", ".join(f"{p99:.1f}" for p99 in row.p99),
            f"{row.late:,}",
            f"{row.largest_wait:.1f}",
            "yes" if row.waits_at_most(boost / NS_PER_S) else "no",
            f"{row.preemptions:,}",
            f"{row.running:.1f}",
        )
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def waits(rows: Mapping[Fraction, Mapping[str, Row]], boost: int) -> str:
    """Return the largest waits by load, and whether they are within the boost and one batch."""
    lines = [
        "\nLargest wait in s by load, in bold where it is more than 30 s plus one batch:\n",
        "| load | " + " | ".join(WAITING) + " |",
        "| --- |" + " ---: |" * len(WAITING),
    ]
    for load, at in rows.items():
        cells = []
        for name in WAITING:
            wait = f"{at[name].largest_wait:.1f}"
            cells.append(wait if at[name].waits_at_most(boost / NS_PER_S) else f"**{wait}**")
        lines.append(f"| {float(100 * load):.0f} % | {' | '.join(cells)} |")
    return "\n".join(lines)


def speed(requests: int, rows: Sequence[tuple[str, float, int, int]]) -> str:
    """Return how long simulations take."""
    lines = [
        f"\n## Speed\n\n{requests:,} generated requests at a load of 95 % on two devices; processor time:\n",
        "| policy | s | strides | rounds |",
        "| --- | ---: | ---: | ---: |",
    ]
    lines += [f"| {name} | {took:.1f} | {strides:,} | {rounds:,} |" for name, took, strides, rounds in rows]
    return "\n".join(lines)
