"""Who takes part: policies with their settings, and what they are told of gen lengths."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Generic, TypeVar

from heuristics.schedulers import batches, rounds
from heuristics.schedulers.batches import BatchOptions
from heuristics.schedulers.predictors import Oracle, Predictor
from heuristics.schedulers.progress import ProgressCallback
from heuristics.schedulers.rounds import RoundOptions
from heuristics.schedulers.simulation import Simulation
from instances.serving import Arrivals, BatchDevice, RoundDevice, ServiceLevel

Simulate = Callable[[Arrivals, ProgressCallback | None], Simulation]
"""What a contestant does with requests."""

Device = TypeVar("Device", BatchDevice, RoundDevice)


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
class Field(Generic[Device]):
    """Where contestants meet: the same devices, promises and seed for all.

    Attributes
    ----------
    device, devices
        One of the devices, whose type says which machine model is meant, and how many there are.
    service_level
        What is promised, if anything.
    seed
        Of the errors of predictors.
    """

    device: Device
    devices: int
    service_level: ServiceLevel | None = None
    seed: int = 0


def batch_contestants(
    field: Field[BatchDevice],
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
    told = BatchOptions() if options is None else options
    found = []
    for name in batches.POLICIES if policies is None else policies:
        if name != "multi-bin":
            run = partial(batches.run, policy=batches.policy(name, told))
            found.append(_contestant(name, field, run, Oracle()))
            continue
        for count in bins:
            binned = batches.policy(name, replace(told, edges=None, bins=count))
            run = partial(batches.run, policy=binned)
            for word, predictor in list(predictors.items())[: 1 if count == 1 else None]:
                label = f"multi-bin {count}" if count == 1 else f"multi-bin {count} {word}"
                found.append(_contestant(label, field, run, predictor))
    return tuple(found)


def round_contestants(
    field: Field[RoundDevice],
    policies: Iterable[str] | None = None,
    predictors: Mapping[str, Predictor] = {"oracle": Oracle()},
    options: RoundOptions | None = None,
) -> tuple[Contestant, ...]:
    """Return policies of model B as contestants, each with every predictor; parameters as above.

    Raises
    ------
    InputError
        If there is no such policy.
    """
    told = RoundOptions() if options is None else options
    return tuple(
        _contestant(
            name if len(predictors) == 1 else f"{name} {word}",
            field,
            partial(rounds.run, policy=rounds.policy(name, told)),
            predictor,
        )
        for name in (rounds.POLICIES if policies is None else policies)
        for word, predictor in predictors.items()
    )


def _contestant(
    name: str,
    field: Field[BatchDevice] | Field[RoundDevice],
    run: Callable[..., Simulation],
    predictor: Predictor,
) -> Contestant:
    def simulate(arrivals: Arrivals, progress: ProgressCallback | None) -> Simulation:
        return run(
            arrivals,
            field.device,
            field.devices,
            predicted=predictor.predict(arrivals.gen, field.seed),
            service_level=field.service_level,
            progress=progress,
        )

    return Contestant(name, simulate)
