"""Limits met by weights: what a broken limit counts gets dearer until the limit holds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from heuristics.greedy.prices import Weights
from instances.instance import Instance
from instances.limits import Limits
from instances.metrics import Evaluation, Metrics

FIRST = 0.02
"""First price of a broken limit: its whole allowance is worth this share of the cost."""


@dataclass
class Row:
    """One limit and its price.

    Attributes
    ----------
    stream
        Stream index; None for a limit over all streams.
    kind
        ``cost``, ``pad_ratio``, ``total_time`` or the name of a percentile.
    limit
        As in the instance.
    most
        For a percentile: the latency allowed, in milliseconds.
    unit
        Cost units for one unit of what the limit counts, at a level of 1.
    level
        Price as a multiple of `unit`; 0 while the limit was never broken.
    step
        Factor of the next change of the level.
    """

    stream: int | None
    kind: str
    limit: float
    most: float = 0.0
    unit: float = 0.0
    level: float = 0.0
    step: float = 4.0
    rising: bool = True

    def adapt(self, broken: bool) -> None:
        """Raise the price of a broken limit, lower that of one that holds, by ever smaller steps."""
        if not self.level:
            self.level = FIRST if broken else 0.0
            return
        if broken != self.rising:
            self.step = max(self.step**0.5, 1.01)
            self.rising = broken
        self.level = self.level * self.step if broken else self.level / self.step


def form_rows(instance: Instance, evaluation: Evaluation, streams: tuple[int, ...]) -> list[Row]:
    """Return the limits that concern some streams, priced relative to a plan."""
    rows = []
    scopes: list[tuple[int | None, Limits, Metrics | None]] = [
        (k, instance.streams[k].limits, evaluation.streams[k]) for k in streams
    ]
    scopes.append((None, instance.limits, evaluation.total))
    for stream, limits, metrics in scopes:
        if metrics is None:
            continue
        cost = max(float(metrics.cost), 1.0)
        chosen = instance.streams if stream is None else (instance.streams[stream],)
        real = sum(s.demand.real_tokens for s in chosen)
        if limits.cost is not None:
            rows.append(Row(stream, "cost", float(limits.cost), unit=1.0))
        if limits.pad_ratio is not None:
            tokens = max(1.0, real * max(float(limits.pad_ratio), 0.01))
            rows.append(Row(stream, "pad_ratio", float(limits.pad_ratio), unit=cost / tokens))
        if limits.total_time is not None:
            allowed = max(float(limits.total_time), 1e-9)
            rows.append(Row(stream, "total_time", allowed, unit=cost / allowed))
        for limit in limits.latency:
            late = max(1, metrics.requests - limit.rank(metrics.requests))
            unit = cost / late
            if instance.latency == "completion":
                unit = cost / max(float(limit.most), 1e-9)
            rows.append(Row(stream, limit.name, float(limit.most), float(limit.most), unit))
    return rows


def weights_of(instance: Instance, rows: Iterable[Row], stream: int) -> Weights:
    """Return the prices that the limits put on a stream."""
    cost, tokens, time = 1.0, 0.0, 0.0
    late: list[tuple[float, float]] = []
    for row in rows:
        price = row.level * row.unit
        if row.stream not in (stream, None) or not price:
            continue
        if row.kind == "cost":
            cost += price
        elif row.kind == "pad_ratio":
            tokens += price
        elif row.kind == "total_time" or instance.latency == "completion":
            time += price
        else:
            late.append((row.most, price))
    return Weights(cost, tokens, time, tuple(late))


def is_broken(instance: Instance, evaluation: Evaluation, row: Row) -> bool:
    """Tell whether an evaluated plan breaks the limit of a row."""
    where = "plan" if row.stream is None else f"stream {instance.streams[row.stream].name}"
    return any(v.kind == row.kind and v.where == where for v in evaluation.violations)
