"""Serving over time: requests with arrivals, two machine models, and the schedules that they run."""

from instances.serving.arrivals import Arrivals
from instances.serving.batch_device import BatchDevice
from instances.serving.batch_schedule import BatchSchedule
from instances.serving.round_device import RoundDevice
from instances.serving.round_schedule import RoundSchedule
from instances.serving.service_level import ServiceLevel

__all__ = ["Arrivals", "BatchDevice", "BatchSchedule", "RoundDevice", "RoundSchedule", "ServiceLevel"]
