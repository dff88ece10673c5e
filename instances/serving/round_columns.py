"""What a schedule of model B means for each request and each device, as columns."""

from __future__ import annotations

import numpy as np

from instances.serving.arrivals import Arrivals, Ints
from instances.serving.metrics import Busy, Served
from instances.serving.round_device import RoundDevice
from instances.serving.round_schedule import RoundSchedule
from instances.serving.schedule_out import request_rows


def served(device: RoundDevice, schedule: RoundSchedule) -> Served:
    """Return when each request was started, had its first token, and was complete."""
    return Served(schedule.first_start, schedule.first_token(device), schedule.completion)


def busy(schedule: RoundSchedule) -> Busy:
    """Return when devices worked: one interval per stride."""
    return Busy(schedule.device, schedule.start, schedule.finish, schedule.running)


def round_rows(arrivals: Arrivals, schedule: RoundSchedule, served: Served) -> dict[str, Ints]:
    """Return a row per request, as columns: times in ns, how long it ran, and the device that finished it."""
    last = np.flatnonzero(np.diff(schedule.request, append=len(arrivals)))
    return {
        **request_rows(arrivals, served),
        "run_ns": schedule.run_time,
        "preemptions": schedule.preemptions,
        "device": schedule.on[last],
    }
