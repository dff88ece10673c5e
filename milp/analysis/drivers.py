"""The few requests that drive a metric: what would be less without them, exactly."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import numpy as np
import numpy.typing as npt

from instances.budgets import aligned_gens, aligned_prompts, alignment, ratio_of
from instances.exact import exact_dot
from instances.instance import Instance
from instances.least_cost import work_ticks

Ints = npt.NDArray[np.int64]

FEW = 3
"""Requests that are named per metric."""
TOP = Fraction(1, 100)
"""Part of the requests, the costliest, whose share of the work is told."""


@dataclass(frozen=True)
class Longest:
    """The requests that alone set how long a shape, or the longest batch, has to be.

    Parameters
    ----------
    dimension
        ``prompt`` or ``gen``.
    size
        Aligned length of the longest, in tokens.
    requests
        How many requests have it.
    without
        The longest aligned length of the others; None if there are none.
    """

    dimension: Literal["prompt", "gen"]
    size: int
    requests: int
    without: int | None


@dataclass(frozen=True)
class Driver:
    """Lengths of which one request less lowers a floor most.

    Parameters
    ----------
    prompt, gen
        Lengths, in tokens.
    requests
        How many requests have them.
    floor
        The floor by counting as it is: work in cost units, or the pad ratio of alignment alone.
    without
        The same with one of these requests less; None if it is the only one of the stream.
    """

    prompt: int
    gen: int
    requests: int
    floor: Fraction
    without: Fraction | None


def longest(instance: Instance, stream: int) -> tuple[Longest, ...]:
    """Return what sets the longest prompt and the longest gen of a stream."""
    demand = instance.streams[stream].demand
    return (
        _longest("prompt", aligned_prompts(instance, demand.prompt), demand.count),
        _longest("gen", aligned_gens(instance, demand.gen), demand.count),
    )


def _longest(dimension: Literal["prompt", "gen"], sizes: Ints, count: Ints) -> Longest:
    size = int(sizes.max())
    rest = sizes[sizes < size]
    number = sum(count[sizes == size].tolist())
    return Longest(dimension, size, number, int(rest.max()) if len(rest) else None)


def work_drivers(instance: Instance, stream: int) -> tuple[Driver, ...]:
    """Return the requests whose own work is most: a floor of the cost falls by just that without one."""
    demand = instance.streams[stream].demand
    work, scale = work_ticks(instance, demand.prompt, demand.gen), instance.cost_scale
    total = exact_dot(work, demand.count)
    rows = np.argsort(work, kind="stable")[::-1][:FEW].tolist()
    lone = demand.requests == 1
    return tuple(
        Driver(
            *_lengths(instance, stream, row),
            Fraction(total, scale),
            None if lone else Fraction(total - int(work[row]), scale),
        )
        for row in rows
    )


def padding_drivers(instance: Instance, stream: int) -> tuple[Driver, ...]:
    """Return the requests without one of which alignment alone makes the least pad ratio.

    Without a request of padding a and r real tokens the ratio is that of A − a over R − r, which is least,
    among requests of the same a, for the shortest: the few shortest of each a hold the answer.
    """
    demand = instance.streams[stream].demand
    if demand.requests == 1:
        return ()
    real = demand.prompt + demand.gen
    padding = aligned_prompts(instance, demand.prompt) + aligned_gens(instance, demand.gen) - real
    order = np.lexsort((real, padding))
    first = np.concatenate([[True], np.diff(padding[order]) != 0])
    place = np.arange(len(order)) - np.maximum.accumulate(np.where(first, np.arange(len(order)), 0))
    whole = alignment(instance, stream)
    floor = ratio_of(instance, whole.tokens, whole.real_tokens)
    ranked = sorted(
        (ratio_of(instance, whole.tokens - int(padding[row]), whole.real_tokens - int(real[row])), row)
        for row in order[place < FEW].tolist()
    )
    return tuple(
        Driver(*_lengths(instance, stream, row), floor, without)
        for without, row in ranked[:FEW]
        if without < floor
    )


def top_share(instance: Instance, stream: int) -> Fraction:
    """Return the share of the work that the costliest percent of the requests has, at least one request."""
    demand = instance.streams[stream].demand
    work = work_ticks(instance, demand.prompt, demand.gen)
    total = exact_dot(work, demand.count)
    left = -(-demand.requests * TOP.numerator // TOP.denominator)
    top = 0
    for row in np.argsort(work, kind="stable")[::-1].tolist():
        taken = min(left, int(demand.count[row]))
        top, left = top + taken * int(work[row]), left - taken
        if not left:
            break
    return Fraction(top, total) if total else Fraction(0)


def _lengths(instance: Instance, stream: int, row: int) -> tuple[int, int, int]:
    demand = instance.streams[stream].demand
    return int(demand.prompt[row]), int(demand.gen[row]), int(demand.count[row])
