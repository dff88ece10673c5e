"""Model B on the command line: devices that work in rounds, and the settings of their policies."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import click

from milp.cli import options
from milp.cli.collected import collected
from milp.cli.records import Record, exact
from milp.cli.serving_options import Listed, Machines

if TYPE_CHECKING:
    from heuristics.schedulers.rounds import RoundOptions
    from instances.serving import RoundDevice, ServiceLevel


@dataclass(frozen=True)
class RoundChoice:
    """Devices and policies of model B, as the command line says them."""

    round_ms: Fraction
    prefill_ms: Fraction
    request_ms: Fraction
    held_ms: Fraction
    weights: tuple[int, ...]
    boost_after: Fraction
    preempt_below: int
    p99_of: str

    def device(self, machines: Machines) -> RoundDevice:
        """Return what the devices are like.

        Raises
        ------
        InputError
            If a number is out of range.
        """
        from instances.serving import RoundDevice

        return RoundDevice(
            machines.memory,
            machines.max_batch,
            self.round_ms,
            self.prefill_ms,
            self.request_ms,
            self.held_ms,
        )

    def options(self, batch_size: int, promised: ServiceLevel | None, seed: int) -> RoundOptions:
        """Return what the policies are told.

        Raises
        ------
        InputError
            If a number is out of range.
        """
        from heuristics.schedulers.rounds import RoundOptions
        from heuristics.schedulers.rounds.batch_size import BatchSizeRules
        from heuristics.schedulers.rounds.priority import SERVICE_LEVEL, PriorityRules
        from instances.serving.clock import NS_PER_S

        rules = PriorityRules(
            weights=self.weights,
            boost_after=int(self.boost_after * NS_PER_S) if self.boost_after else None,
            preempted_below=self.preempt_below,
            batch_size=BatchSizeRules(feedback="service" if self.p99_of == "service" else "latency"),
        )
        return RoundOptions(batch_size, rules, promised or SERVICE_LEVEL, seed)


round_options = collected(
    "round_choice",
    RoundChoice,
    [
        click.option(
            "--round-ms",
            type=options.Rational(),
            default="10",
            show_default=True,
            help="ms of every round of a device that works in rounds.",
        ),
        click.option(
            "--prefill-ms",
            type=options.Rational(),
            default="0.03",
            show_default=True,
            help="ms per prompt token that a round prefills.",
        ),
        click.option(
            "--request-ms",
            type=options.Rational(),
            default="0.1",
            show_default=True,
            help="ms per request that runs in a round.",
        ),
        click.option(
            "--held-ms",
            type=options.Rational(),
            default="0.0001",
            show_default=True,
            help="ms per token that a round holds.",
        ),
        click.option(
            "--weights",
            type=Listed(click.IntRange(min=1)),
            metavar="N[,N…]",
            default="70,20,10",
            show_default=True,
            help="Chances of the priority classes under priority.",
        ),
        click.option(
            "--boost-after",
            type=options.Rational(),
            default="30",
            show_default=True,
            help="s after which a waiting request comes first under priority; 0 for never.",
        ),
        click.option(
            "--preempt-below",
            type=click.IntRange(min=0),
            default=50,
            show_default=True,
            help="Generated tokens below which priority may preempt the last class; 0 for never.",
        ),
        click.option(
            "--p99-of",
            type=click.Choice(["latency", "service"]),
            default="latency",
            show_default=True,
            help="What the batch size of priority follows: with the wait, or without it.",
        ),
    ],
)


def round_device_text(device: RoundDevice) -> str:
    """Return a device of model B in one line."""
    coefficients = (device.fixed, device.prefill, device.per_request, device.per_held)
    fixed, prefill, request, held = (float(value) for value in coefficients)
    return (
        f"rounds of {fixed:g} ms + {prefill:g} ms per prefilled token + {request:g} ms per request + "
        f"{held:g} ms per held token, {device.kv_tokens:,} tokens, batches of {device.max_batch_size}"
    )


def round_device_record(device: RoundDevice, devices: int) -> Record:
    """Return what the devices of model B are like."""
    return {
        "devices": devices,
        **exact("round_ms", device.fixed),
        **exact("prefill_ms", device.prefill),
        **exact("request_ms", device.per_request),
        **exact("held_ms", device.per_held),
        "memory_tokens": device.kv_tokens,
        "max_batch": device.max_batch_size,
    }
