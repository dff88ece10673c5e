"""Orders of batches and choices of cold requests that meet the limits on time."""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterator
from fractions import Fraction
from itertools import product
from typing import NamedTuple

from instances.instance import Instance
from instances.limits import Limits
from tests.oracle.definition import Batch, Lengths
from tests.oracle.options import Option, rows_of, scales


class Cold(NamedTuple):
    """A batch (index among the chosen) and the row in it whose first request pays a cold start."""

    batch: int
    row: int


class Deadline(NamedTuple):
    """At most `spare` requests of `stream` (None: of all) may be later than `most`."""

    stream: int | None
    most: Fraction
    spare: int


def arrange(instance: Instance, chosen: list[Option]) -> list[Batch] | None:
    """Return the chosen batches as a plan that meets every limit on time; None if no arrangement does."""
    scale = scales(instance)[1]
    cold = int(instance.time.cold_start * scale)
    limited = [(None, instance.limits), *((k, s.limits) for k, s in enumerate(instance.streams))]
    deadlines = deadlines_of(instance)
    timed = deadlines or any(limits.total_time is not None for _, limits in limited)
    for colds in _cold_choices(chosen, every=bool(cold and timed)):
        extra = {c.batch: (c.row, cold) for c in colds}
        durations = [_duration(option, extra.get(i)) for i, option in enumerate(chosen)]
        if any(
            limits.total_time is not None
            and sum(d for d, o in zip(durations, chosen, strict=True) if k in (None, o.stream))
            > limits.total_time * scale
            for k, limits in limited
        ):
            continue
        order: list[int] | None = list(range(len(chosen)))
        if instance.latency == "completion" and deadlines:
            order = _order(chosen, durations, deadlines, instance.workers)
        elif any(_late(chosen, extra, deadline) > deadline.spare for deadline in deadlines):
            order = None
        if order is not None:
            return _batches(instance, chosen, order, colds)
    return None


def deadlines_of(instance: Instance) -> list[Deadline]:
    """Return every percentile limit as a deadline."""
    scale = scales(instance)[1]
    limited = [(None, instance.limits), *((k, s.limits) for k, s in enumerate(instance.streams))]
    return [deadline for k, limits in limited for deadline in _deadlines(instance, k, limits, scale)]


def surely_late(instance: Instance, option: Option, deadline: Deadline) -> int:
    """Return how many requests of a batch miss the deadline in any plan, cold starts and queueing apart."""
    if deadline.stream not in (None, option.stream):
        return 0
    if instance.latency == "completion":
        return option.size if option.duration > deadline.most else 0
    pairs = zip(option.rows, option.late, strict=True)
    return sum(option.held[row] for row, late in pairs if late > deadline.most)


def queue_fits(instance: Instance, chosen: list[Option], deadlines: list[Deadline]) -> bool:
    """Tell whether some order of these batches on one device meets the deadlines, cold starts apart.

    More batches in the queue make none of these end earlier, so a plan that holds them needs such an order.
    """
    if instance.latency != "completion" or instance.workers > 1 or not deadlines:
        return True
    return _order(chosen, [option.duration for option in chosen], deadlines, 1) is not None


def _deadlines(instance: Instance, stream: int | None, limits: Limits, scale: int) -> Iterator[Deadline]:
    requests = sum(sum(rows_of(instance, k)[1]) for k in range(len(instance.streams)) if stream in (None, k))
    for limit in limits.latency:
        on_time = next(k for k in range(1, requests + 1) if k >= limit.quantile * requests)
        yield Deadline(stream, limit.most * scale, requests - on_time)


def _cold_choices(chosen: list[Option], every: bool) -> Iterator[tuple[Cold, ...]]:
    """Yield a cold request for each (stream, shape): all choices, or just the first."""
    ways: dict[object, list[Cold]] = {}
    for index, option in enumerate(chosen):
        # Equal batches are interchangeable: the first of them stands for all.
        if option not in chosen[:index]:
            ways.setdefault((option.stream, option.shape), []).extend(Cold(index, r) for r in option.rows)
    if not every:
        yield tuple(way[0] for way in ways.values())
        return
    yield from product(*ways.values())


def _duration(option: Option, extra: tuple[int, int] | None) -> int:
    if extra is None:
        return option.duration
    row, cold = extra
    return max(option.duration, option.late[option.rows.index(row)] + cold)


def _late(chosen: list[Option], extra: dict[int, tuple[int, int]], deadline: Deadline) -> int:
    """Count the requests whose service latency is over the deadline."""
    total = 0
    for index, option in enumerate(chosen):
        if deadline.stream not in (None, option.stream):
            continue
        for row, late in zip(option.rows, option.late, strict=True):
            times = [late] * option.held[row]
            if index in extra and extra[index][0] == row:
                times[0] += extra[index][1]
            total += sum(time > deadline.most for time in times)
    return total


def _order(
    chosen: list[Option], durations: list[int], deadlines: list[Deadline], workers: int
) -> list[int] | None:
    """Return an order in which the batches' completion times meet the deadlines; None if there is none."""

    def extend(order: list[int], free: list[int], spare: list[int]) -> list[int] | None:
        if len(order) == len(chosen):
            return order
        tried = set()
        for index, option in enumerate(chosen):
            # Batches of one stream, size and duration make no difference to any completion time.
            alike = (option.stream, option.size, durations[index])
            if index in order or alike in tried:
                continue
            tried.add(alike)
            end = free[0] + durations[index]
            left = [
                s - option.size if end > d.most and d.stream in (None, option.stream) else s
                for s, d in zip(spare, deadlines, strict=True)
            ]
            if min(left) < 0:
                continue
            then = free[1:]
            insort(then, end)
            done = extend([*order, index], then, left)
            if done is not None:
                return done
        return None

    return extend([], [0] * workers, [deadline.spare for deadline in deadlines])


def _batches(
    instance: Instance, chosen: list[Option], order: list[int], colds: tuple[Cold, ...]
) -> list[Batch]:
    first = {cold.batch: cold.row for cold in colds}
    # Batches that pay a cold start come first in the order of ids.
    ids = sorted(order, key=lambda index: index not in first)

    def requests(index: int) -> tuple[Lengths, ...]:
        option = chosen[index]
        lengths, _ = rows_of(instance, option.stream)
        rows = [row for row, amount in enumerate(option.held) for _ in range(amount)]
        if index in first:
            rows.remove(first[index])
            rows.insert(0, first[index])
        return tuple(lengths[row] for row in rows)

    return [
        Batch(chosen[index].stream, chosen[index].shape, requests(index), ids.index(index)) for index in order
    ]
