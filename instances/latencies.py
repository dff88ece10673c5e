"""Latencies of a plan's requests, as a weighted sample per stream."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from instances.exact import IntArray, widened
from instances.instance import Instance
from instances.limits import LatencyLimit
from instances.plan import Plan
from instances.running import Running

Ints = npt.NDArray[np.int64]
Sample = tuple[IntArray, Ints, Ints]
"""Latency in time ticks, number of requests, and stream: columns of one length."""


def latency_sample(instance: Instance, plan: Plan, running: Running) -> Sample:
    """Return the latencies of all requests, cold starts included.

    Service latency is what the batch makes of the request; completion latency is when its batch ends, all
    batches being started in plan order, each on the device that is free first.
    """
    cold = int(instance.time.cold_start * instance.time_scale)
    if instance.latency == "service":
        return _service_sample(plan, running, cold)
    return _completion_sample(plan, running, cold, instance.workers)


def batch_times(plan: Plan, running: Running, cold: int) -> tuple[IntArray, IntArray]:
    """Return the duration of the first and of every further copy of each batch, in time ticks."""
    first = widened(running.duration, int(running.duration.max()) + cold).copy()
    with_cold = widened(running.latency, int(running.latency.max()) + cold)[running.cold_entry] + cold
    first[running.cold_batch] = np.maximum(first[running.cold_batch], with_cold)
    return first, running.duration


def percentile(values: IntArray, weight: Ints, quantile: Fraction) -> int:
    """Return the nearest-rank percentile sorted[⌈qN⌉ − 1] of a weighted sample, in ticks."""
    return percentiles(values, weight, (quantile,))[0]


def percentiles(values: IntArray, weight: Ints, quantiles: Sequence[Fraction]) -> list[int]:
    """Return the nearest-rank percentile of a weighted sample at each quantile, in ticks."""
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weight[order])
    number = int(reached[-1])
    ranks = [LatencyLimit(Fraction(0), quantile).rank(number) for quantile in quantiles]
    found: list[int] = values[order[np.searchsorted(reached, ranks)]].tolist()
    return found


def _service_sample(plan: Plan, running: Running, cold: int) -> Sample:
    weight = plan.entry_count * plan.copies[plan.entry_batch]
    stream = plan.stream[plan.entry_batch]
    if not cold:
        return running.latency, weight, stream
    weight[running.cold_entry] -= 1
    base = widened(running.latency, int(running.latency.max()) + cold)
    values = np.concatenate([base, base[running.cold_entry] + cold])
    ones = np.ones(len(running.cold_entry), dtype=np.int64)
    return values, np.concatenate([weight, ones]), np.concatenate([stream, stream[running.cold_entry]])


def _completion_sample(plan: Plan, running: Running, cold: int, workers: int) -> Sample:
    ends = completion_ends(plan, *batch_times(plan, running, cold), workers)
    batch = np.repeat(np.arange(len(plan)), plan.copies)
    return ends, plan.sizes[batch], plan.stream[batch]


def completion_ends(plan: Plan, first: IntArray, further: IntArray, workers: int) -> IntArray:
    """Return when each copy of each batch ends, in plan order, in time ticks: shape (Σ copies,).

    Parameters
    ----------
    first, further
        Duration of the first and of every further copy of each batch, from `batch_times`.
    workers
        Number of devices.
    """
    bound = (int(first.max()) + 1) * (plan.batches + 1)
    times = widened(np.repeat(further, plan.copies), bound)
    times[np.cumsum(plan.copies) - plan.copies] = first
    return np.cumsum(times) if workers == 1 else _list_schedule(times, workers)


def _list_schedule(times: IntArray, workers: int) -> IntArray:
    free = [0] * workers
    ends = np.empty(len(times), dtype=object)
    for index, duration in enumerate(times.tolist()):
        ends[index] = free[0] + duration
        heapq.heapreplace(free, ends[index])
    return ends
