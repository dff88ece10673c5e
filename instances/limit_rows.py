"""The limits of an instance as rows ``Σ (…) ≤ bound`` over batch types, in whole ticks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import floor, inf
from typing import Any, Literal

from instances.instance import Instance
from instances.limits import Limits

Kind = Literal["objective", "cost", "tokens", "total_time", "batches", "latency", "work", "served"]


@dataclass(frozen=True)
class LimitRow:
    """One limit.

    Parameters
    ----------
    kind
        ``cost``: cost ticks ≤ bound. ``tokens``: padded tokens ≤ bound (the pad ratio, whose real tokens are
        constant). ``total_time``: Σ durations ≤ bound. ``batches``: batches ≤ bound. ``latency``: −(requests
        of service latency up to threshold) ≤ bound. ``work``: Σ durations of batches in stages ≤ stage ≤
        bound (devices × deadline). ``served``: −(requests in stages ≤ stage) ≤ bound.
    stream
        Stream index, or None for all streams.
    bound
        Right-hand side.
    threshold
        Latency in time ticks, for ``latency``.
    stage
        Index of the deadline, for ``work`` and ``served``.
    label
        Name in files, distinct within the instance.
    """

    kind: Kind
    stream: int | None
    bound: int
    label: str
    threshold: int = 0
    stage: int = 0

    @property
    def measure(self) -> str:
        """Name of the measure that it bounds; ``latency`` for requests on time, which pairs have."""
        return "time" if self.kind in ("total_time", "work") else self.kind

    @property
    def until(self) -> float:
        """Largest latency in time ticks, or last stage, that it counts; infinite if it counts all."""
        reach: dict[str, float] = {"latency": self.threshold, "work": self.stage, "served": self.stage}
        return reach.get(self.kind, inf)

    def counts(self, stream: Any, reached: Any) -> Any:
        """Tell whether it counts what a stream, or None for none, has in a stage or with a latency.

        Stream and stage (or latency, in time ticks) are integers, or arrays whose shapes go together; then
        the answers are an array, too.
        """
        return ((self.stream is None) | (stream == self.stream)) & (reached <= self.until)


def deadlines(instance: Instance) -> tuple[int, ...]:
    """Return the distinct completion-time limits in time ticks, ascending; none if latency means service."""
    if instance.latency == "service":
        return ()
    times = {
        floor(limit.most * instance.time_scale)
        for limits in (instance.limits, *(stream.limits for stream in instance.streams))
        for limit in limits.latency
    }
    return tuple(sorted(times))


def limits_cost(instance: Instance) -> bool:
    """Tell whether the cost is limited, of a stream or over all."""
    limits = (instance.limits, *(stream.limits for stream in instance.streams))
    return any(limit.cost is not None for limit in limits)


def limit_rows(instance: Instance) -> tuple[LimitRow, ...]:
    """Return all limit rows in a fixed order: streams first, then the whole instance, then device time.

    Values are whole ticks, so rounding a limit down to a whole tick changes nothing.
    """
    rows: list[LimitRow] = []
    for index, stream in enumerate(instance.streams):
        demand = stream.demand
        rows += _rows(instance, stream.limits, index, demand.requests, demand.real_tokens)
    rows += _rows(instance, instance.limits, None, instance.requests, instance.real_tokens)
    for stage, deadline in enumerate(deadlines(instance)):
        rows.append(LimitRow("work", None, instance.workers * deadline, f"work:{stage}", stage=stage))
    return tuple(rows)


def _rows(
    instance: Instance, limits: Limits, stream: int | None, requests: int, real: int
) -> Iterator[LimitRow]:
    where = "all" if stream is None else str(stream)
    if limits.cost is not None:
        yield LimitRow("cost", stream, floor(limits.cost * instance.cost_scale), f"cost:{where}")
    if limits.pad_ratio is not None:
        budget = token_budget(instance, limits.pad_ratio, real)
        if budget is not None:
            yield LimitRow("tokens", stream, budget, f"pad_ratio:{where}")
    if limits.total_time is not None:
        bound = floor(limits.total_time * instance.time_scale)
        yield LimitRow("total_time", stream, bound, f"total_time:{where}")
    if limits.batches is not None:
        yield LimitRow("batches", stream, limits.batches, f"batches:{where}")
    for limit in limits.latency:
        threshold = floor(limit.most * instance.time_scale)
        label, need = f"{limit.name}:{where}", -limit.rank(requests)
        if instance.latency == "service":
            yield LimitRow("latency", stream, need, label, threshold=threshold)
        else:
            stage = deadlines(instance).index(threshold)
            yield LimitRow("served", stream, need, label, stage=stage)


def token_budget(instance: Instance, pad_ratio: Fraction, real: int) -> int | None:
    """Return the most padded tokens that a pad ratio allows; None if any number is.

    Over real tokens: (T − R)/R ≤ ρ is T ≤ R(1 + ρ). Over all tokens: 1 − R/T ≤ ρ is T ≤ R/(1 − ρ) for ρ < 1.
    """
    if instance.pad_over == "real":
        return floor(real * (1 + pad_ratio))
    return None if pad_ratio >= 1 else floor(real / (1 - pad_ratio))
