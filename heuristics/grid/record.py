"""What a log says of a configuration."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Annotated, Literal

import msgspec

from heuristics.grid.configuration import Configuration
from heuristics.result import badness
from instances.exact import exact_text
from instances.instance import Instance
from instances.metrics import Evaluation

Exact = Annotated[int, msgspec.Meta(ge=0)] | Annotated[str, msgspec.Meta(pattern=r"^\d+/[1-9]\d*$")]
"""An exact number: an integer, or the text ``p/q``."""


class Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A configuration that was tested.

    Parameters
    ----------
    number
        Position in the log, from 1.
    configuration
        What was tested.
    status
        ``feasible``, ``violated``, or ``no plan``.
    cost
        Exact cost of the plan; None without one, as for all metrics.
    over
        By how much limits are missed, relative to each, all added up.
    pad_ratio, latency_ms, total_time_ms, batches, shapes
        Metrics over all streams.
    passed, failed
        Limits that the plan keeps and breaks, as ``metric: where``.
    seconds
        Wall time taken.
    note
        Why there is no plan.
    best_so_far
        Number of the best record up to this one; None while there is no plan.
    """

    number: int
    configuration: Configuration
    status: Literal["feasible", "violated", "no plan"]
    cost: Exact | None = None
    over: Exact | None = None
    pad_ratio: float | None = None
    latency_ms: dict[str, float] = {}
    total_time_ms: float | None = None
    batches: int | None = None
    shapes: int | None = None
    passed: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    seconds: float = 0.0
    note: str = ""
    best_so_far: int | None = None

    @property
    def rank(self) -> tuple[bool, Fraction, Fraction, int]:
        """A key by which better records come first: as `badness` orders plans, the earlier of equal ones."""
        if self.cost is None or self.over is None:
            return True, Fraction(0), Fraction(0), self.number
        return False, Fraction(self.over), Fraction(self.cost), self.number


def evaluated(
    number: int, configuration: Configuration, instance: Instance, evaluation: Evaluation, seconds: float
) -> Record:
    """Return the record of a plan."""
    total = evaluation.total
    if total is None:
        broken = evaluation.violations[0]
        return Record(number, configuration, "no plan", seconds=seconds, note=str(broken))
    failed = {f"{violation.kind}: {violation.where}" for violation in evaluation.violations}
    _, over, cost = badness(evaluation)
    return Record(
        number,
        configuration,
        "feasible" if evaluation.feasible else "violated",
        exact_text(cost),
        exact_text(over),
        float(total.pad_ratio),
        {name: float(value) for name, value in total.latency.items()},
        float(total.total_time),
        total.batches,
        total.shapes,
        tuple(name for name in _limits(instance) if name not in failed),
        tuple(name for name in _limits(instance) if name in failed),
        seconds,
    )


def _limits(instance: Instance) -> Iterator[str]:
    """Yield the limits of an instance as violations name them."""
    scopes = [(f"stream {stream.name}", stream.limits) for stream in instance.streams]
    for where, limits in [*scopes, ("plan", instance.limits)]:
        for name in ("cost", "pad_ratio", "total_time"):
            if getattr(limits, name) is not None:
                yield f"{name}: {where}"
        yield from (f"{limit.name}: {where}" for limit in limits.latency)
