"""Simulate model A, measure what happened, and have it checked."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from heuristics.schedulers.batches.policy import BatchPolicy
from heuristics.schedulers.batches.simulator import simulate
from heuristics.schedulers.progress import ProgressCallback
from heuristics.schedulers.simulation import Simulation
from instances.serving.arrivals import Arrivals
from instances.serving.batch_columns import busy, served
from instances.serving.batch_device import BatchDevice
from instances.serving.batch_rules import broken_rules
from instances.serving.composition import composition
from instances.serving.metrics import measure
from instances.serving.schedule_out import batch_rows
from instances.serving.service_level import ServiceLevel

Ints = npt.NDArray[np.int64]


def run(
    arrivals: Arrivals,
    device: BatchDevice,
    devices: int,
    policy: BatchPolicy,
    predicted: Ints | None = None,
    *,
    service_level: ServiceLevel | None = None,
    progress: ProgressCallback | None = None,
) -> Simulation:
    """Return what a policy does with a trace, with its metrics; parameters as of `simulate` and `measure`.

    Raises
    ------
    InputError
        As `simulate`.
    """
    schedule = simulate(arrivals, device, devices, policy, predicted, progress=progress)
    when, working = served(arrivals, device, schedule), busy(schedule)
    edges = policy.edges(arrivals.gen if predicted is None else predicted)
    return Simulation(
        model="batches",
        served=when,
        busy=working,
        metrics=measure(arrivals, when, working, devices, service_level, schedule.bin if edges else None),
        rows=batch_rows(arrivals, schedule, when),
        broken=broken_rules(arrivals, device, devices, schedule),
        edges=edges,
        composition=composition(arrivals, schedule),
    )
