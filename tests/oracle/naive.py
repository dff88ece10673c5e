"""Every plan, one after another, nothing left out and nothing cut: the check on the oracle's search."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import permutations, product

from instances.instance import Instance
from tests.oracle.definition import Batch, Lengths, broken, candidate_shapes, measure, violated

Parts = list[tuple[int, tuple[Lengths, ...]]]


def least_cost(instance: Instance) -> Fraction | None:
    """Return the least cost of a plan that breaks no rule, for at most three requests; None if none does."""
    costs = [
        total for batches in _plans(instance) if (total := _cost_if_feasible(instance, batches)) is not None
    ]
    return min(costs, default=None)


def _cost_if_feasible(instance: Instance, batches: list[Batch]) -> Fraction | None:
    if broken(instance, batches):
        return None
    streams, total = measure(instance, batches)
    if violated(instance.limits, total):
        return None
    if any(violated(s.limits, m) for s, m in zip(instance.streams, streams, strict=True)):
        return None
    return total.cost


def _plans(instance: Instance) -> Iterator[list[Batch]]:
    requests = [
        (k, (p, g))
        for k, stream in enumerate(instance.streams)
        for p, g, n in zip(
            stream.demand.prompt.tolist(),
            stream.demand.gen.tolist(),
            stream.demand.count.tolist(),
            strict=True,
        )
        for _ in range(n)
    ]
    shapes = candidate_shapes(instance)
    for parts in _partitions(requests):
        for orders in product(*(sorted(set(permutations(held))) for _, held in parts)):
            ordered = [(k, order) for (k, _), order in zip(parts, orders, strict=True)]
            for chosen in product(shapes, repeat=len(parts)):
                for ranks in permutations(range(len(parts))):
                    batches = [
                        Batch(k, shape, held, rank)
                        for (k, held), shape, rank in zip(ordered, chosen, ranks, strict=True)
                    ]
                    yield from (list(order) for order in permutations(batches))


def _partitions(requests: list[tuple[int, Lengths]]) -> Iterator[Parts]:
    if not requests:
        yield []
        return
    *rest, (stream, lengths) = requests
    for parts in _partitions(rest):
        yield [*parts, (stream, (lengths,))]
        for index, (k, held) in enumerate(parts):
            if k == stream:
                yield [*parts[:index], (k, (*held, lengths)), *parts[index + 1 :]]
