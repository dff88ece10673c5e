"""What a schedule of model B means for each request and each device, as columns."""

from __future__ import annotations

from instances.serving.metrics import Busy, Served
from instances.serving.round_device import RoundDevice
from instances.serving.round_schedule import RoundSchedule


def served(device: RoundDevice, schedule: RoundSchedule) -> Served:
    """Return when each request was started, had its first token, and was complete."""
    return Served(schedule.first_start, schedule.first_token(device), schedule.completion)


def busy(schedule: RoundSchedule) -> Busy:
    """Return when devices worked: one interval per stride."""
    return Busy(schedule.device, schedule.start, schedule.finish, schedule.running)
