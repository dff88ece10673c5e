"""Every batch that a stream could run, and what it adds to a plan."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from math import lcm

from instances.instance import Instance
from instances.shapes import Shape
from tests.oracle.definition import (
    Lengths,
    batch_cost,
    batch_faults,
    candidate_shapes,
    latencies,
    run,
)

Counts = tuple[int, ...]
"""Requests of each row of a stream."""


@dataclass(frozen=True, eq=False)
class Option:
    """One batch: what it holds, its shape, and what it adds; costs and times in whole units of a scale."""

    stream: int
    shape: Shape
    held: Counts
    cost: int
    tokens: int
    late: tuple[int, ...]
    """Service latency of a request of each row that is held, cold start apart."""

    @property
    def size(self) -> int:
        """Number of requests."""
        return sum(self.held)

    @property
    def duration(self) -> int:
        """Longest latency, cold start apart."""
        return max(self.late)

    @property
    def rows(self) -> list[int]:
        """Rows that are held, as `late` lists them."""
        return [row for row, amount in enumerate(self.held) if amount]


def rows_of(instance: Instance, stream: int) -> tuple[list[Lengths], Counts]:
    """Return the lengths and the counts of a stream's rows."""
    demand = instance.streams[stream].demand
    lengths = list(zip(demand.prompt.tolist(), demand.gen.tolist(), strict=True))
    return lengths, tuple(demand.count.tolist())


def scales(instance: Instance) -> tuple[int, int]:
    """Return numbers that make every cost and every time whole."""
    cost, time = instance.cost, instance.time
    count = [cost.count.quadratic, *cost.count.table]
    terms = [term.coefficient for term in cost.compile]
    costs = [*cost.work.prefill, *cost.work.decode, cost.batch, cost.base, *terms, *count]
    times = [*time.work.prefill, *time.work.decode, time.batch, time.cold_start]
    return lcm(*(c.denominator for c in costs)), lcm(*(c.denominator for c in times))


def options_of(instance: Instance, stream: int, extra: int) -> list[Option]:
    """Return every batch of a stream that breaks no rule by itself: any requests, any candidate shape."""
    lengths, counts = rows_of(instance, stream)
    cost_scale, time_scale = scales(instance)
    shapes = candidate_shapes(instance, extra)

    def found() -> Iterator[Option]:
        for held in product(*(range(n + 1) for n in counts)):
            requests = tuple(r for r, n in zip(lengths, held, strict=True) for _ in range(n))
            for shape in shapes if requests else []:
                if batch_faults(instance, stream, shape, requests):
                    continue
                ran = run(instance, shape, requests)
                assert ran is not None
                by_request = dict(zip(requests, latencies(instance, ran), strict=True))
                yield Option(
                    stream=stream,
                    shape=shape,
                    held=held,
                    cost=whole(batch_cost(instance, shape, ran), cost_scale),
                    tokens=ran.tokens,
                    late=tuple(
                        whole(by_request[r], time_scale) for r, n in zip(lengths, held, strict=True) if n
                    ),
                )

    return list(found())


def whole(value: Fraction, scale: int) -> int:
    """Return ``value * scale``, which must be whole."""
    product = value * scale
    assert product.denominator == 1
    return product.numerator
