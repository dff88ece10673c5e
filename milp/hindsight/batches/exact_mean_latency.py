"""A schedule of least mean latency for a few requests: narrow searches first, then one through all sets."""

from __future__ import annotations

import time
from contextlib import suppress
from fractions import Fraction
from itertools import pairwise

import numpy as np

from instances.exact import INT64_SAFE
from instances.serving import BatchSchedule
from milp.hindsight.batches.case import BatchCase
from milp.hindsight.batches.outcome import ExactOutcome
from milp.hindsight.batches.subsets import Labels, Search
from milp.hindsight.units import total

WIDTHS = (4, 64)
"""Labels kept per number of started requests while looking for a good schedule, before all are kept."""


def exact_mean_latency(case: BatchCase, *, time_limit: float = 60.0) -> ExactOutcome:
    """Return a schedule of least mean latency, found by a search through all sets of requests.

    Parameters
    ----------
    case
        The problem, of at most `MOST_REQUESTS` requests.
    time_limit
        Seconds after which to stop, and to return the best schedule of a narrower search.

    Raises
    ------
    InputError
        If there are too many requests, or times do not stay in int64.
    """
    until = time.monotonic() + time_limit
    search = Search(case)
    best: list[Labels] = []
    below, optimal = INT64_SAFE, False
    with suppress(TimeoutError):
        for width in (*WIDTHS, None):
            layers = search.layers(below, width, until)
            if len(layers[-1].ends):
                best, below = layers, int(layers[-1].ends[0])
        optimal = True
    if not best:
        return ExactOutcome(None, None, False)
    value = Fraction(below - total(case.arrivals.arrival), search.count)
    return ExactOutcome(_schedule(case, best), value, optimal)


def _schedule(case: BatchCase, layers: list[Labels]) -> BatchSchedule:
    """Return the batches that lead to the first label of the last layer."""
    count, index, sets = len(layers) - 1, 0, []
    while count:
        sets.append(int(layers[count].started[index]))
        count, index = layers[count].before[index].tolist()
    batch = np.zeros(len(case.row), dtype=np.int64)
    device, start, finish = [], [], []
    free, now = [0] * case.devices, 0
    for number, (before, after) in enumerate(pairwise((0, *reversed(sets)))):
        members = [i for i in range(len(batch)) if ((after ^ before) >> i) & 1]
        batch[members] = number
        device.append(free.index(min(free)))
        now = max(now, min(free), *case.arrivals.arrival[members].tolist())
        start.append(now)
        taken = case.durations[case.row[members].max(), len(members) - 1]
        finish.append(now + int(taken))
        free[device[-1]] = finish[-1]
    columns = [np.array(column, dtype=np.int64) for column in (device, start, finish)]
    return BatchSchedule(batch, np.zeros_like(batch), *columns)
