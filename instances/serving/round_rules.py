"""Whether a schedule of model B is one: every rule checked from the definition, without its maker's help."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from instances.serving.arrivals import Arrivals
from instances.serving.round_device import RoundDevice
from instances.serving.round_schedule import RoundSchedule

Ints = npt.NDArray[np.int64]


def broken_rules(arrivals: Arrivals, model: RoundDevice, devices: int, schedule: RoundSchedule) -> list[str]:
    """Return the rules that a schedule breaks, one line each; none if it serves the trace soundly.

    Every request is served exactly once, token by token, from its arrival on, on one device at a time; no
    device runs two rounds at once, none begins before the one ahead of it ends, and each takes the time that
    the model says; no round holds more than the memory or runs more than the largest batch; prompts are
    prefilled once, and a preempted request holds what it held before.
    """
    broken = _shape(arrivals, devices, schedule)
    if broken:
        return broken  # What follows looks rows up in each other.
    return _strides(model, schedule) + _service(arrivals, schedule) + _contents(arrivals, schedule)


def idle_while_waiting(arrivals: Arrivals, devices: int, schedule: RoundSchedule) -> list[str]:
    """Return one line for each device that is idle while a request waits.

    A request waits from its arrival to its first round, and between its stretches. Idle time counts up to
    the last completion.
    """
    begins, ends = schedule.begins, schedule.ends
    is_first = np.diff(schedule.request, prepend=-1) != 0
    since = np.where(is_first, arrivals.arrival[schedule.request], np.append(0, ends[:-1]))
    waits = begins > since
    since, until = np.sort(since[waits]), np.sort(begins[waits])
    lines = []
    for device in range(devices):
        of = schedule.device == device
        idle_from = np.append(0, schedule.finish[of])
        idle_to = np.append(schedule.start[of], schedule.finish.max())
        idle = idle_to > idle_from
        idle_from, idle_to = idle_from[idle], idle_to[idle]
        # Waits that begin before the idle time ends, less those that end before it begins.
        waiting = np.searchsorted(since, idle_to) - np.searchsorted(until, idle_from, side="right")
        wrong = np.flatnonzero(waiting)
        if len(wrong):
            lines.append(
                f"device {device} is idle {len(wrong)} times while requests wait, "
                f"first from {idle_from[wrong[0]]} to {idle_to[wrong[0]]} ns"
            )
    return lines


def _shape(arrivals: Arrivals, devices: int, schedule: RoundSchedule) -> list[str]:
    """Check that rows refer to what there is."""
    strides, stretches = schedule, (schedule.request, schedule.on, schedule.first, schedule.tokens)
    broken = []
    if not np.array_equal(np.unique(schedule.request), np.arange(len(arrivals))):
        broken.append("not every request is served, or one that there is not")
    if (np.diff(schedule.request) < 0).any():
        broken.append("stretches are not in order of request")
    if ((strides.device < 0) | (strides.device >= devices)).any():
        broken.append("a stride on a device that there is not")
    if (strides.rounds < 1).any() or (schedule.tokens < 1).any():
        broken.append("a stride or a stretch without rounds")
    if np.lexsort((strides.device, strides.start)).tolist() != list(range(len(strides.start))):
        broken.append("strides are not in order of their start and device")
    for device in range(devices):
        of = strides.device == device
        if not np.array_equal(strides.ordinal[of], np.cumsum(strides.rounds[of]) - strides.rounds[of]):
            broken.append(f"device {device}: rounds are not numbered one by one")
    if broken:
        return broken
    _, on, first, tokens = stretches
    edges = set(zip(strides.device.tolist(), strides.ordinal.tolist(), strict=True))
    last = set(zip(strides.device.tolist(), (strides.ordinal + strides.rounds).tolist(), strict=True))
    if not edges.issuperset(zip(on.tolist(), first.tolist(), strict=True)):
        broken.append("a stretch begins where no stride does")
    if not last.issuperset(zip(on.tolist(), (first + tokens).tolist(), strict=True)):
        broken.append("a stretch ends where no stride does")
    return broken


def _strides(model: RoundDevice, schedule: RoundSchedule) -> list[str]:
    """Check the time and the limits of rounds, as the columns of the strides tell them."""
    s = schedule
    broken = []
    columns = (s.start, s.finish, s.rounds, s.prefilled, s.running, s.held)
    rows = zip(*(column.tolist() for column in columns), strict=True)
    late = sum(finish - start != model.stride(*work) for start, finish, *work in rows)
    if late:
        broken.append(f"{late} strides do not take the time of their rounds")
    for device in np.unique(s.device):
        of = s.device == device
        if (s.start[of][1:] < s.finish[of][:-1]).any():
            broken.append(f"device {device} runs two rounds at once")
    held = s.held + (s.rounds - 1) * s.running
    if (held > model.kv_tokens).any():
        broken.append(f"a round holds {held.max()} tokens, more than {model.kv_tokens}")
    if (s.running > model.max_batch_size).any():
        broken.append(f"a round runs {s.running.max()} requests, more than {model.max_batch_size}")
    return broken


def _service(arrivals: Arrivals, schedule: RoundSchedule) -> list[str]:
    """Check that every request gets its tokens, after its arrival and in one place at a time."""
    broken = []
    served = np.add.reduceat(schedule.tokens, np.flatnonzero(np.diff(schedule.request, prepend=-1)))
    if (served != arrivals.gen).any():
        broken.append(f"{(served != arrivals.gen).sum()} requests do not get as many tokens as they need")
    early = (schedule.first_start < arrivals.arrival).sum()
    if early:
        broken.append(f"{early} requests start before they arrive")
    same = np.diff(schedule.request) == 0
    if (schedule.begins[1:][same] < schedule.ends[:-1][same]).any():
        broken.append("a request runs twice at once")
    return broken


def _contents(arrivals: Arrivals, schedule: RoundSchedule) -> list[str]:
    """Check what strides say of their work against the stretches that cover them."""
    s = schedule
    order = np.lexsort((s.ordinal, s.device))
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    begin, end = place[s.first_stride], place[s.last_stride] + 1
    # In the round of ordinal c a request holds its prompt, what earlier stretches generated, and
    # c − first + 1 tokens of this one.
    is_first = np.diff(s.request, prepend=-1) != 0
    total = np.cumsum(s.tokens) - s.tokens
    before = total - np.maximum.accumulate(np.where(is_first, total, 0))
    base = arrivals.prompt[s.request] + before - s.first + 1

    def covering(values: Ints) -> Ints:
        change = np.zeros(len(order) + 1, dtype=np.int64)
        np.add.at(change, begin, values)
        np.subtract.at(change, end, values)
        return np.cumsum(change)[:-1]

    running = covering(np.ones_like(s.request))
    held = covering(base) + running * s.ordinal[order]
    prefilled = np.zeros(len(order), dtype=np.int64)
    np.add.at(prefilled, begin[is_first], arrivals.prompt[s.request[is_first]])
    broken = []
    for name, found, said in (
        ("requests running", running, s.running),
        ("tokens held", held, s.held),
        ("tokens prefilled", prefilled, s.prefilled),
    ):
        if (wrong := (found != said[order]).sum()) > 0:
            broken.append(f"{wrong} strides with other {name} than the stretches say")
    return broken
