"""Exact metrics of what a scheduler did, for both machine models, from columns of times."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil

import numpy as np
import numpy.typing as npt

from instances.errors import InputError
from instances.exact import exact_dot
from instances.serving.arrivals import Arrivals
from instances.serving.clock import NS_PER_S
from instances.serving.service_level import ServiceLevel

Ints = npt.NDArray[np.int64]

QUANTILES = {"p50": Fraction(1, 2), "p95": Fraction(19, 20), "p99": Fraction(99, 100)}
"""Percentiles that are reported."""


@dataclass(frozen=True, eq=False)
class Served:
    """When each request was served, in order of arrival: int64, shape (requests,), in ns.

    Attributes
    ----------
    start
        When a device took it up first.
    first_token, completion
        When its first and its last token were out.
    """

    start: Ints
    first_token: Ints
    completion: Ints


@dataclass(frozen=True, eq=False)
class Busy:
    """Intervals in which devices worked: int64, shape (intervals,).

    Attributes
    ----------
    device, start, finish
        Which device, and from when to when, in ns; intervals of one device do not overlap.
    size
        Requests that ran in it.
    """

    device: Ints
    start: Ints
    finish: Ints
    size: Ints


@dataclass(frozen=True)
class Spread:
    """Summary of whole numbers: their exact mean, nearest-rank percentiles and the largest."""

    mean: Fraction
    p50: int
    p95: int
    p99: int
    most: int

    @classmethod
    def of(cls, values: Ints) -> Spread:
        """Return the summary of at least one value."""
        ordered = np.sort(values)
        at = {name: _ranked(ordered, quantile) for name, quantile in QUANTILES.items()}
        return cls(Fraction(exact_sum(values), len(values)), **at, most=int(ordered[-1]))


@dataclass(frozen=True)
class GroupMetrics:
    """What a group of requests has met with; times in ns.

    Attributes
    ----------
    requests
        How many they are.
    latency, first_token, wait
        Completion, first token and start, each − arrival.
    violations
        Requests that were later than their class is promised; None where nothing was promised.
    """

    requests: int
    latency: Spread
    first_token: Spread
    wait: Spread
    violations: int | None


@dataclass(frozen=True)
class ServingMetrics:
    """What a scheduler did to a trace.

    Attributes
    ----------
    total
        All requests.
    classes, bins
        Requests by priority class and by the queue that they waited in, ascending.
    makespan
        From the first arrival to the last completion, in ns.
    throughput, tokens_per_second
        Requests and generated tokens per second of the makespan.
    goodput
        Requests within their service level, per second of the makespan; None where nothing was promised.
    utilisation
        Share of the device time of the makespan in which a device worked.
    batch_size
        Requests per busy interval.
    mean_depth, most_depth
        Waiting requests: mean over the makespan, and most at once.
    """

    total: GroupMetrics
    makespan: int
    throughput: Fraction
    tokens_per_second: Fraction
    goodput: Fraction | None
    utilisation: Fraction
    batch_size: Spread
    mean_depth: Fraction
    most_depth: int
    classes: Mapping[int, GroupMetrics] = field(default_factory=dict)
    bins: Mapping[int, GroupMetrics] = field(default_factory=dict)


def latencies(arrivals: Arrivals, completion: Ints) -> Ints:
    """Return completion − arrival of each request in ns: int64, shape (requests,)."""
    return completion - arrivals.arrival


def percentile(values: Ints, q: Fraction) -> int:
    """Return the nearest-rank percentile sorted[⌈qN⌉ − 1].

    Parameters
    ----------
    values
        At least one.
    q
        Above 0 and at most 1.
    """
    if not 0 < q <= 1:
        raise InputError("a quantile above 0 and at most 1", str(q))
    rank = ceil(q * len(values)) - 1
    return int(np.partition(values, rank)[rank])


def exact_sum(values: Ints) -> int:
    """Return Σ values, exactly."""
    return exact_dot(values, np.ones(len(values), dtype=np.int64))


def measure(
    arrivals: Arrivals,
    served: Served,
    busy: Busy,
    devices: int,
    service_level: ServiceLevel | None = None,
    bins: Ints | None = None,
) -> ServingMetrics:
    """Return the metrics of a simulation in which every request was served.

    Parameters
    ----------
    arrivals
        The requests.
    served, busy
        When they were served, and when devices worked.
    devices
        How many devices there are, whether they worked or not.
    service_level
        What was promised.
    bins
        int64, shape (requests,): queue of each request; None if there was one.
    """
    late = None if service_level is None else service_level.violations(arrivals, served.completion)
    everyone = np.arange(len(arrivals))
    makespan = int(served.completion.max()) - int(arrivals.arrival[0])
    total = _group(arrivals, served, late, everyone)
    per_second = Fraction(NS_PER_S, makespan)
    _, depth = queue_depth(arrivals, served.start)
    return ServingMetrics(
        total=total,
        makespan=makespan,
        throughput=len(arrivals) * per_second,
        tokens_per_second=exact_sum(arrivals.gen) * per_second,
        goodput=None if total.violations is None else (len(arrivals) - total.violations) * per_second,
        utilisation=Fraction(exact_sum(busy.finish - busy.start), devices * makespan),
        batch_size=Spread.of(busy.size),
        mean_depth=total.wait.mean * len(arrivals) / makespan,
        most_depth=int(depth.max()),
        classes=_groups(arrivals, served, late, arrivals.priority),
        bins={} if bins is None else _groups(arrivals, served, late, bins),
    )


def queue_depth(arrivals: Arrivals, start: Ints) -> tuple[Ints, Ints]:
    """Return how many requests wait over time, as steps.

    Parameters
    ----------
    arrivals
        The requests.
    start
        int64, shape (requests,): when a device took up each, in ns.

    Returns
    -------
    times, depth
        int64, shape (steps,): ascending times in ns, and the requests that wait from each to the next.
        What arrives and is taken up at the same ns does not wait.
    """
    times, step = np.unique(np.concatenate([arrivals.arrival, start]), return_inverse=True)
    change = np.bincount(step[: len(start)], minlength=len(times))
    change = change - np.bincount(step[len(start) :], minlength=len(times))
    return times, np.cumsum(change)


def _ranked(ordered: Ints, quantile: Fraction) -> int:
    return int(ordered[ceil(quantile * len(ordered)) - 1])


def _groups(
    arrivals: Arrivals, served: Served, late: npt.NDArray[np.bool_] | None, label: Ints
) -> dict[int, GroupMetrics]:
    return {
        int(name): _group(arrivals, served, late, np.flatnonzero(label == name)) for name in np.unique(label)
    }


def _group(
    arrivals: Arrivals, served: Served, late: npt.NDArray[np.bool_] | None, members: npt.NDArray[np.intp]
) -> GroupMetrics:
    since = arrivals.arrival[members]
    return GroupMetrics(
        len(members),
        Spread.of(served.completion[members] - since),
        Spread.of(served.first_token[members] - since),
        Spread.of(served.start[members] - since),
        None if late is None else int(late[members].sum()),
    )
