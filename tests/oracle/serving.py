"""The best schedule of very few requests on devices of model A, by trying all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import cache
from itertools import combinations
from math import ceil

from milp.hindsight.problem import HindsightProblem

Batches = tuple[tuple[int, ...], ...]


@cache
def ordered_partitions(requests: tuple[int, ...]) -> tuple[Batches, ...]:
    """Return every way to put requests into batches that start one after another."""
    if not requests:
        return ((),)
    found = []
    for size in range(1, len(requests) + 1):
        for first in combinations(requests, size):
            rest = tuple(i for i in requests if i not in first)
            found += [(first, *others) for others in ordered_partitions(rest)]
    return tuple(found)


def schedules(problem: HindsightProblem) -> Iterator[tuple[list[int], int]]:
    """Yield completions in ns and the device time of every schedule that starts batches as soon as it can."""
    arrivals, device = problem.arrivals, problem.device
    arrival, tokens = arrivals.arrival.tolist(), arrivals.tokens.tolist()
    taken: dict[tuple[int, ...], int | None] = {}
    for batches in ordered_partitions(tuple(range(len(arrival)))):
        for batch in batches:
            if batch not in taken:
                lengths = [tokens[i] for i in batch]
                fits = len(batch) <= device.max_batch_size and sum(lengths) <= device.kv_tokens
                taken[batch] = device.duration(len(batch), max(lengths)) if fits else None
        durations = [taken[batch] for batch in batches]
        if None in durations:
            continue
        free, completion = [0] * problem.devices, [0] * len(arrival)
        for batch, duration in zip(batches, durations, strict=True):
            first = free.index(min(free))
            free[first] = max(free[first], *(arrival[i] for i in batch)) + duration
            for i in batch:
                completion[i] = free[first]
        yield completion, sum(durations)


def optima(
    problem: HindsightProblem, quantiles: tuple[Fraction, ...]
) -> dict[tuple[str, Fraction | None], Fraction]:
    """Return the least of every objective over all schedules, in ns or requests."""
    arrival = problem.arrivals.arrival.tolist()
    count = len(arrival)
    values: dict[tuple[str, Fraction | None], Callable[[list[int], int], int]] = {
        ("device_time", None): lambda completion, busy: busy,
        ("makespan", None): lambda completion, busy: max(completion),
        ("mean_latency", None): lambda completion, busy: sum(completion) - sum(arrival),
    }
    if problem.service_level is not None:
        deadline = problem.service_level.deadlines(problem.arrivals).tolist()
        values["violations", None] = lambda completion, busy: sum(
            c > d for c, d in zip(completion, deadline, strict=True)
        )
    for quantile in quantiles:
        place = ceil(quantile * count) - 1
        values["percentile", quantile] = lambda completion, busy, place=place: sorted(  # type: ignore[misc]
            c - r for c, r in zip(completion, arrival, strict=True)
        )[place]
    least: dict[tuple[str, Fraction | None], int] = {}
    for completion, busy in schedules(problem):
        for name, value in values.items():
            found = value(completion, busy)
            least[name] = min(found, least.get(name, found))
    parts = {("mean_latency", None): count}
    return {name: Fraction(value, parts.get(name, 1)) for name, value in least.items()}
