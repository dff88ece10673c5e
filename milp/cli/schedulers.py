"""The scheduler that the command line names, of either machine model, with its devices."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from milp.cli.records import Record

if TYPE_CHECKING:
    from heuristics.schedulers.simulation import Simulation
    from instances.serving import BatchDevice, RoundDevice, ServiceLevel
    from milp.cli.policy_options import BatchPolicyChoice
    from milp.cli.round_options import RoundChoice
    from milp.cli.serving_options import Machines


class Scheduler(NamedTuple):
    """A policy on devices of its model.

    Attributes
    ----------
    device
        What the devices are like.
    text, record
        The same for people and for JSON.
    run
        Called with the arrivals, and by name with `predicted`, `service_level` and `progress`.
    """

    device: BatchDevice | RoundDevice
    text: str
    record: Record
    run: Callable[..., Simulation]


def policy_names() -> Iterable[str]:
    """Return the policies of both models."""
    from heuristics.schedulers import batches, rounds

    return [*batches.POLICIES, *rounds.POLICIES]


def scheduler(
    policy: str,
    machines: Machines,
    choice: BatchPolicyChoice,
    round_choice: RoundChoice,
    promised: ServiceLevel | None,
    seed: int,
) -> Scheduler:
    """Return a scheduler; the policy's name says which model it is of.

    Raises
    ------
    InputError
        If there is no such policy, a number is out of range, or a latency grid cannot be fitted.
    """
    from heuristics.schedulers import batches, rounds

    if policy in rounds.POLICIES:
        from milp.cli.round_options import round_device_record, round_device_text

        device = round_choice.device(machines)
        chosen = rounds.policy(policy, round_choice.options(choice.batch_size, promised, seed))
        record = round_device_record(device, machines.devices)
        run = partial(rounds.run, device=device, devices=machines.devices, policy=chosen)
        return Scheduler(device, round_device_text(device), record, run)
    from milp.cli.serving_records import device_record
    from milp.cli.serving_tables import device_text

    runner, fitted = machines.batch_device()
    served_by = batches.policy(policy, choice.options(promised))
    return Scheduler(
        runner,
        device_text(runner, fitted),
        device_record(runner, machines.devices, fitted),
        partial(batches.run, device=runner, devices=machines.devices, policy=served_by),
    )
