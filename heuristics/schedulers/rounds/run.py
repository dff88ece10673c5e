"""Simulate model B, measure what happened, and have it checked."""

from __future__ import annotations

from heuristics.schedulers.progress import ProgressCallback
from heuristics.schedulers.rounds.policy import RoundPolicy
from heuristics.schedulers.rounds.simulator import simulate
from heuristics.schedulers.simulation import Simulation
from instances.serving.arrivals import Arrivals, Ints
from instances.serving.metrics import measure
from instances.serving.round_columns import busy, round_rows, served
from instances.serving.round_device import RoundDevice
from instances.serving.round_rules import broken_rules, idle_while_waiting
from instances.serving.service_level import ServiceLevel


def run(
    arrivals: Arrivals,
    device: RoundDevice,
    devices: int,
    policy: RoundPolicy,
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
    when, working = served(device, schedule), busy(schedule)
    broken = broken_rules(arrivals, device, devices, schedule)
    return Simulation(
        model="rounds",
        served=when,
        busy=working,
        metrics=measure(arrivals, when, working, devices, service_level),
        rows=round_rows(arrivals, schedule, when),
        broken=broken or idle_while_waiting(arrivals, devices, schedule),
    )
