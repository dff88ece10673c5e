"""The scheduler that the command line names, of either machine model, with its devices."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import fields
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeAlias, TypeVar

import click

from milp.cli.records import Record

if TYPE_CHECKING:
    from heuristics.schedulers.simulation import Simulation
    from instances.serving import BatchDevice, RoundDevice, ServiceLevel
    from milp.cli.policy_options import BatchPolicyChoice
    from milp.cli.round_options import RoundChoice
    from milp.cli.serving_options import Machines


Device = TypeVar("Device", "BatchDevice", "RoundDevice")


class Machine(NamedTuple, Generic[Device]):
    """Devices of one model.

    Attributes
    ----------
    device
        What they are like.
    text, record
        The same for people and for JSON.
    """

    device: Device
    text: str
    record: Record


def batch_machine(machines: Machines) -> Machine[BatchDevice]:
    """Return the devices of model A.

    Raises
    ------
    InputError
        If a number is out of range, or a latency grid cannot be fitted.
    """
    from milp.cli.serving_records import device_record
    from milp.cli.serving_tables import device_text

    device, fitted = machines.batch_device()
    record = device_record(device, machines.devices, fitted)
    return Machine(device, device_text(device, fitted), record)


def round_machine(machines: Machines, round_choice: RoundChoice) -> Machine[RoundDevice]:
    """Return the devices of model B.

    Raises
    ------
    InputError
        If a number is out of range.
    """
    from milp.cli.round_options import round_device_record, round_device_text

    device = round_choice.device(machines)
    return Machine(device, round_device_text(device), round_device_record(device, machines.devices))


AnyMachine: TypeAlias = "Machine[BatchDevice] | Machine[RoundDevice]"


class Scheduler(NamedTuple):
    """A policy on devices of its model.

    Attributes
    ----------
    machine
        The devices.
    run
        Called with the arrivals, and by name with `predicted`, `service_level` and `progress`.
    """

    machine: AnyMachine
    run: Callable[..., Simulation]


def refuse_options_of_the_other_model(model: str) -> None:
    """Refuse options that were given and would do nothing.

    Parameters
    ----------
    model
        ``batches`` or ``rounds``.

    Raises
    ------
    click.UsageError
        If there is one.
    """
    from milp.cli.policy_options import BatchPolicyChoice
    from milp.cli.round_options import RoundChoice

    ours = {
        "batches": {"alpha", "beta", "gamma", "grid", *_names(BatchPolicyChoice)} - {"batch_size"},
        "rounds": _names(RoundChoice),
    }
    other = "rounds" if model == "batches" else "batches"
    context = click.get_current_context()
    for option in context.command.params:
        if option.name in ours[other] and context.get_parameter_source(option.name) == _GIVEN:
            raise click.UsageError(f"{option.opts[0]}: expected for the model {other} only, found {model}")


_GIVEN = click.core.ParameterSource.COMMANDLINE


def _names(group: type[Any]) -> set[str]:
    return {field.name for field in fields(group)}


model_option = click.option(
    "--model",
    type=click.Choice(["batches", "rounds"]),
    default="batches",
    show_default=True,
    help="Devices that run batches to completion, or that work in rounds.",
)


def machine_of(model: str, machines: Machines, round_choice: RoundChoice) -> AnyMachine:
    """Return the devices of a model; raises what these raise."""
    refuse_options_of_the_other_model(model)
    return round_machine(machines, round_choice) if model == "rounds" else batch_machine(machines)


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

    refuse_options_of_the_other_model("rounds" if policy in rounds.POLICIES else "batches")
    if policy in rounds.POLICIES:
        told = round_choice.options(choice.batch_size, promised, seed)
        rounder = round_machine(machines, round_choice)
        chosen = rounds.policy(policy, told)
        run = partial(rounds.run, device=rounder.device, devices=machines.devices, policy=chosen)
        return Scheduler(rounder, run)
    runner = batch_machine(machines)
    served_by = batches.policy(policy, choice.options(promised))
    return Scheduler(
        runner, partial(batches.run, device=runner.device, devices=machines.devices, policy=served_by)
    )
