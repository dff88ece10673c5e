"""What a schedule of model A means for each batch and each request, as columns."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from instances.serving.arrivals import Arrivals
from instances.serving.batch_device import BatchDevice
from instances.serving.batch_schedule import BatchSchedule
from instances.serving.metrics import Busy, Served

Ints = npt.NDArray[np.int64]


class BatchColumns(NamedTuple):
    """The requests of each batch, summed up: int64, shape (batches,).

    Attributes
    ----------
    size
        Requests.
    tokens, longest, shortest
        Sum, largest and smallest of their lengths prompt + gen.
    longest_prompt
        Largest of their prompts.
    """

    size: Ints
    tokens: Ints
    longest: Ints
    shortest: Ints
    longest_prompt: Ints


def batch_columns(arrivals: Arrivals, schedule: BatchSchedule) -> BatchColumns:
    """Return the sums of each batch; every request has one, and no batch is empty."""
    order = np.argsort(schedule.batch, kind="stable")
    size = np.bincount(schedule.batch, minlength=len(schedule.start)).astype(np.int64)
    first = np.cumsum(size) - size
    tokens, prompt = arrivals.tokens[order], arrivals.prompt[order]
    return BatchColumns(
        size,
        np.add.reduceat(tokens, first),
        np.maximum.reduceat(tokens, first),
        np.minimum.reduceat(tokens, first),
        np.maximum.reduceat(prompt, first),
    )


def durations(device: BatchDevice, size: Ints, longest: Ints) -> Ints:
    """Return T(size, longest) of each batch in ns: int64, shape (batches,)."""
    times = np.empty(len(size), dtype=np.int64)
    for distinct in np.unique(size):
        own = np.flatnonzero(size == distinct)
        times[own] = device.durations(int(distinct), longest[own])
    return times


def served(arrivals: Arrivals, device: BatchDevice, schedule: BatchSchedule) -> Served:
    """Return when each request was started, had its first token, and was complete.

    First tokens are out once all prompts of the batch are read and one token of each is generated: after
    T(b, longest prompt + 1).
    """
    columns = batch_columns(arrivals, schedule)
    first = schedule.start + durations(device, columns.size, columns.longest_prompt + 1)
    return Served(schedule.start[schedule.batch], first[schedule.batch], schedule.completion)


def busy(schedule: BatchSchedule) -> Busy:
    """Return when devices worked: one interval per batch."""
    size = np.bincount(schedule.batch, minlength=len(schedule.start)).astype(np.int64)
    return Busy(schedule.device, schedule.start, schedule.finish, size)
