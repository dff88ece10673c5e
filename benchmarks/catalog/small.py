"""The small machine and the handful of requests that the instances of `tiny` and `infeasible` are made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

from instances.cost import CostModel, Monomial, Phases, TimeModel
from instances.demand import Demand
from instances.instance import Instance, Stream
from instances.limits import LatencyLimit, Limits
from instances.shapes import RunRules, ShapeSpace, Sizes

Pairs = Sequence[tuple[int, int]]

SEVEN: Pairs = ((5, 3), (7, 12), (12, 4), (20, 2), (22, 9), (27, 10), (30, 5))
OTHERS: Pairs = ((3, 6), (6, 2), (17, 11))
FOUR: Pairs = ((9, 4), (14, 7), (25, 3), (28, 8))

REQUEST = RunRules()
"""Running work follows the batch's own lengths, as on the static-graph reference machine."""

SHAPE = RunRules(prefill_at="shape", decode_at="shape")
"""Running work follows the compiled prompt."""

COST = CostModel(
    work=Phases(
        prefill=(Fraction(2), Fraction(16), Fraction(0)), decode=(Fraction(1), Fraction(8), Fraction(0))
    ),
    batch=Fraction(15000),
    compile=(Monomial(Fraction(5), prompt=2), Monomial(Fraction(16), prompt=1)),
)

TIME = TimeModel(
    work=Phases(
        prefill=(Fraction("0.02"), Fraction("0.6"), Fraction(0)),
        decode=(Fraction("0.012"), Fraction("0.24"), Fraction(0)),
    ),
    batch=Fraction(8),
    cold_start=Fraction(60),
)


def requests(pairs: Pairs, prefix: str = "r") -> Demand:
    """Return demand with identifiers ``r-1``, ``r-2``, …."""
    prompts, gens = zip(*pairs, strict=True)
    return Demand.from_requests(prompts, gens, [f"{prefix}-{i}" for i in range(1, len(pairs) + 1)])


def histogram(*rows: tuple[int, int, int]) -> Demand:
    """Return demand from rows (prompt, gen, count)."""
    return Demand.from_histogram(*zip(*rows, strict=True))


def one(demand: Demand | Pairs, **limits: Any) -> tuple[Stream, ...]:
    """Return a single stream with these limits."""
    own = demand if isinstance(demand, Demand) else requests(demand)
    return (Stream("stream 1", own, at_most(**limits)),)


def two(first: Pairs, second: Pairs, one: Limits = Limits(), other: Limits = Limits()) -> tuple[Stream, ...]:
    """Return two streams, each with its limits."""
    return Stream("stream 1", requests(first), one), Stream("stream 2", requests(second, "alt"), other)


def at_most(**limits: Any) -> Limits:
    """Return limits from plain numbers and decimal strings; percentiles as ``p95="120"``."""
    percentiles = tuple(
        LatencyLimit(Fraction(most), Fraction(name[1:].replace("_", ".")) / 100)
        for name, most in limits.items()
        if name[0] == "p" and name[1].isdigit()
    )
    exact: dict[str, Any] = {
        k: Fraction(limits[k]) for k in ("cost", "pad_ratio", "total_time") if k in limits
    }
    whole: dict[str, Any] = {k: limits[k] for k in ("max_batch_size", "max_batch_tokens") if k in limits}
    return Limits(latency=percentiles, **exact, **whole)


def small(name: str, streams: tuple[Stream, ...], **changes: Any) -> Instance:
    """Return an instance of the small machine with some of its parts replaced.

    ``shapes``, ``cost`` and ``time`` may be given as dictionaries of the fields to replace.
    """
    parts: dict[str, Any] = {"shapes": ShapeSpace(Sizes(8)), "cost": COST, "time": TIME, "runs": SHAPE}
    for key, change in changes.items():
        parts[key] = replace(parts[key], **change) if isinstance(change, dict) else change
    return Instance(name=name, streams=streams, **parts)
