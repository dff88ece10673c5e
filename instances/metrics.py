"""A plan's exact metrics and everything that is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from instances.exact import exact_dot
from instances.groups import Groups, form_groups
from instances.instance import Instance
from instances.latencies import Sample, batch_times, latency_sample, percentiles
from instances.limits import Limits, percentile_name
from instances.plan import Plan
from instances.running import Running, run_batches
from instances.structure import structural_violations
from instances.violations import Violation

REPORTED = (Fraction(1, 2), Fraction(95, 100), Fraction(99, 100))


@dataclass(frozen=True)
class Metrics:
    """Metrics of one stream, or of all streams together.

    Parameters
    ----------
    cost
        Cost units; of a stream: its batches and the compile cost that it pays itself.
    pad_ratio
        By the instance's definition.
    latency
        Percentile name to milliseconds.
    total_time
        Sum of the batch durations, in milliseconds.
    requests, batches, shapes
        Numbers.
    """

    cost: Fraction
    pad_ratio: Fraction
    latency: dict[str, Fraction]
    total_time: Fraction
    requests: int
    batches: int
    shapes: int


@dataclass(frozen=True)
class Evaluation:
    """All that can be said of a plan.

    Parameters
    ----------
    streams
        Metrics of each stream, in the instance's order; empty if the structure is broken.
    total
        Metrics over all streams; None if the structure is broken.
    cost_parts
        Cost units by component: batches' work, fixed cost per batch, compile, count, base.
    violations
        Every rule that the plan breaks, structure first.
    """

    streams: tuple[Metrics, ...]
    total: Metrics | None
    cost_parts: dict[str, Fraction]
    violations: tuple[Violation, ...]

    @property
    def feasible(self) -> bool:
        """Whether nothing is violated."""
        return not self.violations

    @property
    def cost(self) -> Fraction | None:
        """Cost of the plan; None if its structure is broken."""
        return None if self.total is None else self.total.cost


def evaluate(instance: Instance, plan: Plan, groups: Groups | None = None) -> Evaluation:
    """Compute the exact metrics of a plan and list what it violates.

    Parameters
    ----------
    instance, plan
        The problem and a plan for it.
    groups
        The instance's groups, if at hand.
    """
    groups = form_groups(instance) if groups is None else groups
    broken = structural_violations(instance, groups, plan)
    if broken:
        return Evaluation((), None, {}, tuple(broken))
    running = run_batches(instance, groups, plan)
    sample = latency_sample(instance, plan, running)
    streams = tuple(_stream_metrics(instance, plan, running, sample, k) for k in range(len(instance.streams)))
    parts = _cost_parts(instance, plan, running)
    total = _over_all(instance, plan, running, sample, streams, sum(parts.values(), Fraction(0)))
    violations = [
        violation
        for stream, metrics in zip(instance.streams, streams, strict=True)
        for violation in _limit_violations(stream.limits, metrics, f"stream {stream.name}")
    ]
    violations += _limit_violations(instance.limits, total, "plan")
    return Evaluation(streams, total, parts, tuple(violations))


def _stream_metrics(instance: Instance, plan: Plan, running: Running, sample: Sample, stream: int) -> Metrics:
    mine = plan.stream == stream
    copies = plan.copies[mine]
    shapes = {
        (p, g, b)
        for p, g, b in zip(
            plan.prompt[mine].tolist(), plan.gen[mine].tolist(), plan.batch[mine].tolist(), strict=True
        )
    }
    cost = exact_dot(running.cost[mine], copies)
    if instance.cost.compile_per == "stream":
        cost += _compile_ticks(instance, plan, stream)
    demand = instance.streams[stream].demand
    return Metrics(
        cost=Fraction(cost, instance.cost_scale),
        pad_ratio=_pad_ratio(instance, exact_dot(running.padded_tokens[mine], copies), demand.real_tokens),
        latency=_percentiles(instance, sample, stream, instance.streams[stream].limits),
        total_time=_total_time(instance, plan, running, mine),
        requests=demand.requests,
        batches=sum(copies.tolist()),
        shapes=len(shapes),
    )


def _over_all(
    instance: Instance,
    plan: Plan,
    running: Running,
    sample: Sample,
    streams: tuple[Metrics, ...],
    cost: Fraction,
) -> Metrics:
    padded = exact_dot(running.padded_tokens, plan.copies)
    return Metrics(
        cost=cost,
        pad_ratio=_pad_ratio(instance, padded, instance.real_tokens),
        latency=_percentiles(instance, sample, None, instance.limits),
        total_time=sum((metrics.total_time for metrics in streams), Fraction(0)),
        requests=instance.requests,
        batches=plan.batches,
        shapes=len(plan.shapes),
    )


def _pad_ratio(instance: Instance, padded: int, real: int) -> Fraction:
    return Fraction(padded - real, real if instance.pad_over == "real" else padded)


def _percentiles(
    instance: Instance, sample: Sample, stream: int | None, limits: Limits
) -> dict[str, Fraction]:
    values, weight, of_stream = sample
    if stream is not None:
        mine = of_stream == stream
        values, weight = values[mine], weight[mine]
    quantiles = sorted({*REPORTED, *(limit.quantile for limit in limits.latency)})
    reached = percentiles(values, weight, quantiles)
    return {
        percentile_name(q): Fraction(most, instance.time_scale)
        for q, most in zip(quantiles, reached, strict=True)
    }


def _total_time(instance: Instance, plan: Plan, running: Running, mine: np.ndarray) -> Fraction:
    cold = int(instance.time.cold_start * instance.time_scale)
    first, further = batch_times(plan, running, cold)
    ticks = sum(first[mine].tolist()) + exact_dot(further[mine], plan.copies[mine] - 1)
    return Fraction(ticks, instance.time_scale)


def _compile_ticks(instance: Instance, plan: Plan, stream: int | None) -> int:
    chosen = plan.shapes
    if stream is not None:
        mine = plan.stream == stream
        triples = zip(
            plan.prompt[mine].tolist(), plan.gen[mine].tolist(), plan.batch[mine].tolist(), strict=True
        )
        used = set(triples)
        chosen = tuple(shape for shape in chosen if tuple(shape) in used)
    return sum(instance.cost.compile_ticks(shape, instance.cost_scale) for shape in chosen)


def _cost_parts(instance: Instance, plan: Plan, running: Running) -> dict[str, Fraction]:
    scale = instance.cost_scale
    streams: list[int | None] = [None]
    if instance.cost.compile_per == "stream":
        streams = list(range(len(instance.streams)))
    batches = instance.cost.batch * plan.batches
    return {
        "work": Fraction(exact_dot(running.cost, plan.copies), scale) - batches,
        "batches": batches,
        "compile": Fraction(sum(_compile_ticks(instance, plan, k) for k in streams), scale),
        "count": Fraction(instance.cost.count.ticks(len(plan.shapes), scale), scale),
        "base": instance.cost.base,
    }


def _limit_violations(limits: Limits, metrics: Metrics, where: str) -> list[Violation]:
    pairs: list[tuple[str, Fraction, Fraction | None]] = [
        ("cost", metrics.cost, limits.cost),
        ("pad_ratio", metrics.pad_ratio, limits.pad_ratio),
        *((limit.name, metrics.latency[limit.name], limit.most) for limit in limits.latency),
        ("total_time", metrics.total_time, limits.total_time),
        ("batches", Fraction(metrics.batches), None if limits.batches is None else Fraction(limits.batches)),
    ]
    return [
        Violation(name, where, value, limit)
        for name, value, limit in pairs
        if limit is not None and value > limit
    ]
