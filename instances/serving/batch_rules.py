"""The rules that a schedule of model A has to keep, checked from its columns alone."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from instances.serving.arrivals import Arrivals
from instances.serving.batch_columns import batch_columns, durations
from instances.serving.batch_device import BatchDevice
from instances.serving.batch_schedule import BatchSchedule

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


class BrokenRule(NamedTuple):
    """A rule that is broken: which, how often, and where first."""

    rule: str
    times: int
    first: str

    def __str__(self) -> str:
        return f"{self.rule}: broken {self.times:,} times, first by {self.first}"


def broken_rules(
    arrivals: Arrivals,
    device: BatchDevice,
    devices: int,
    schedule: BatchSchedule,
    *,
    fifo: bool = True,
    work_conserving: bool = True,
) -> list[BrokenRule]:
    """Return the rules that a schedule breaks; none means that the devices could have run it.

    Parameters
    ----------
    arrivals, device, devices
        What was to be served, and on what.
    schedule
        What is claimed to have happened.
    fifo
        Also require that requests of one bin start in order of arrival.
    work_conserving
        Also require that no device idles while a request waits.
    """
    malformed = _structure(arrivals, devices, schedule)
    if malformed:
        # Of a schedule that leaves out requests or devices, times mean nothing.
        return malformed
    found = _batches(arrivals, device, schedule) + _overlaps(schedule)
    if fifo:
        found += _first_in_first_out(schedule)
    if work_conserving:
        found += _idling(arrivals, devices, schedule)
    return found


def _broken(rule: str, flags: Flags, what: str) -> list[BrokenRule]:
    where = np.flatnonzero(flags)
    return [BrokenRule(rule, len(where), f"{what} {where[0]}")] if len(where) else []


def _structure(arrivals: Arrivals, devices: int, schedule: BatchSchedule) -> list[BrokenRule]:
    columns = (schedule.device, schedule.start, schedule.finish)
    batches = len(schedule.start)
    if {len(schedule.batch), len(schedule.bin)} != {len(arrivals)} or {len(c) for c in columns} != {batches}:
        return [BrokenRule("columns have one row per request or batch", 1, "the schedule")]
    outside = (schedule.batch < 0) | (schedule.batch >= batches)
    used = np.bincount(schedule.batch[~outside], minlength=batches)
    out_of_order = np.diff(schedule.start, prepend=schedule.start[:1]) < 0
    return [
        *_broken("every request is served exactly once", outside, "request"),
        *_broken("a batch has a request", used == 0, "batch"),
        *_broken("devices exist", (schedule.device < 0) | (schedule.device >= devices), "batch"),
        *_broken("batches are in order of start", out_of_order, "batch"),
    ]


def _batches(arrivals: Arrivals, device: BatchDevice, schedule: BatchSchedule) -> list[BrokenRule]:
    columns = batch_columns(arrivals, schedule)
    lasting = durations(device, columns.size, columns.longest)
    return [
        *_broken(
            "no batch starts before its requests arrived",
            schedule.start[schedule.batch] < arrivals.arrival,
            "request",
        ),
        *_broken(
            "a batch lasts as long as the device takes",
            schedule.finish - schedule.start != lasting,
            "batch",
        ),
        *_broken("no batch is larger than the device allows", columns.size > device.max_batch_size, "batch"),
        *_broken("no batch holds more tokens than the memory", columns.tokens > device.kv_tokens, "batch"),
        *_broken("a batch comes from one bin", _mixed(schedule), "batch"),
    ]


def _mixed(schedule: BatchSchedule) -> Flags:
    """Return which batches have requests of several bins: bool, shape (batches,)."""
    least = np.full(len(schedule.start), np.iinfo(np.int64).max)
    most = np.full(len(schedule.start), np.iinfo(np.int64).min)
    np.minimum.at(least, schedule.batch, schedule.bin)
    np.maximum.at(most, schedule.batch, schedule.bin)
    mixed: Flags = least != most
    return mixed


def _overlaps(schedule: BatchSchedule) -> list[BrokenRule]:
    order = np.lexsort((schedule.start, schedule.device))
    same = np.diff(schedule.device[order]) == 0
    early = schedule.start[order][1:] < schedule.finish[order][:-1]
    return _broken("no device runs two batches at once", _at(order[1:], same & early), "batch")


def _first_in_first_out(schedule: BatchSchedule) -> list[BrokenRule]:
    # Requests are in order of arrival, so a stable sort by bin keeps that order within each.
    order = np.argsort(schedule.bin, kind="stable")
    start = schedule.start[schedule.batch][order]
    same = np.diff(schedule.bin[order]) == 0
    overtaken = np.diff(start) < 0
    return _broken("requests of a bin start in order of arrival", _at(order[1:], same & overtaken), "request")


def _at(places: npt.NDArray[np.intp], flags: Flags) -> Flags:
    """Return the flags, one per entry of `places`, at those places."""
    marked = np.zeros(int(places.max(initial=-1)) + 1, dtype=np.bool_)
    marked[places[flags]] = True
    return marked


def _idling(arrivals: Arrivals, devices: int, schedule: BatchSchedule) -> list[BrokenRule]:
    """Count the times from which on requests wait and fewer than all devices work."""
    started = schedule.start[schedule.batch]
    times, place = np.unique(
        np.concatenate([arrivals.arrival, started, schedule.start, schedule.finish]), return_inverse=True
    )
    arrive, take, start, finish = np.split(
        place, np.cumsum([len(arrivals), len(arrivals), len(schedule.start)])
    )
    steps = len(times)
    waiting = np.cumsum(np.bincount(arrive, minlength=steps) - np.bincount(take, minlength=steps))
    working = np.cumsum(np.bincount(start, minlength=steps) - np.bincount(finish, minlength=steps))
    idle = (waiting > 0) & (working < devices)
    first = [int(times[k]) for k in np.flatnonzero(idle)[:1]]
    rule = "no device idles while a request waits"
    return [BrokenRule(rule, int(idle.sum()), f"the time {first[0]} ns")] if first else []
