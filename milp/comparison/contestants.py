"""Who takes part: policies with their settings, and what they are told of gen lengths."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from heuristics.schedulers import batches
from heuristics.schedulers.batches import BatchOptions
from heuristics.schedulers.batches.policy import BatchPolicy
from heuristics.schedulers.predictors import Oracle, Predictor
from heuristics.schedulers.progress import ProgressCallback
from heuristics.schedulers.simulation import Simulation
from instances.serving import Arrivals, BatchDevice, ServiceLevel

Simulate = Callable[[Arrivals, ProgressCallback | None], Simulation]
"""What a contestant does with requests."""


@dataclass(frozen=True)
class Contestant:
    """A scheduler that takes part.

    Attributes
    ----------
    name
        What its row is called.
    simulate
        Runs it on requests that arrive.
    """

    name: str
    simulate: Simulate


@dataclass(frozen=True)
class BatchField:
    """Where contestants of model A meet: the same devices, promises and seed for all.

    Attributes
    ----------
    device, devices
        One of the devices, and how many there are.
    service_level
        What is promised, if anything.
    seed
        Of the errors of predictors.
    """

    device: BatchDevice
    devices: int
    service_level: ServiceLevel | None = None
    seed: int = 0


def batch_contestants(
    field: BatchField,
    policies: Iterable[str] | None = None,
    bins: Iterable[int] = (1, 2, 4, 8),
    predictors: Mapping[str, Predictor] = {"oracle": Oracle()},
    options: BatchOptions | None = None,
) -> tuple[Contestant, ...]:
    """Return policies of model A as contestants.

    Parameters
    ----------
    field
        Where they meet.
    policies
        Names of policies; None for all.
    bins
        Numbers of bins of equal mass that multi-bin takes part with.
    predictors
        Name to predictor; where there is one bin predictions change nothing, and the first is enough.
    options
        Everything else that policies can be told.

    Raises
    ------
    InputError
        If there is no such policy, or it cannot use its options.
    """
    told_all = BatchOptions() if options is None else options
    found = []
    for name in batches.POLICIES if policies is None else policies:
        if name != "multi-bin":
            found.append(_contestant(name, field, batches.policy(name, told_all), Oracle()))
            continue
        for count in bins:
            policy = batches.policy(name, replace(told_all, edges=None, bins=count))
            for told, predictor in list(predictors.items())[: 1 if count == 1 else None]:
                label = f"multi-bin {count}" if count == 1 else f"multi-bin {count} {told}"
                found.append(_contestant(label, field, policy, predictor))
    return tuple(found)


def _contestant(name: str, field: BatchField, policy: BatchPolicy, predictor: Predictor) -> Contestant:
    def simulate(arrivals: Arrivals, progress: ProgressCallback | None) -> Simulation:
        return batches.run(
            arrivals,
            field.device,
            field.devices,
            policy,
            predictor.predict(arrivals.gen, field.seed),
            service_level=field.service_level,
            progress=progress,
        )

    return Contestant(name, simulate)
