"""What the commands on serving over time share: the requests, the devices, and what is promised."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from milp.cli import options
from milp.cli.collected import collected

if TYPE_CHECKING:
    from instances.serving import Arrivals, BatchDevice, ServiceLevel
    from instances.serving.fit import Fit
    from instances.traces import DropReport


class Listed(click.ParamType[tuple[Any, ...]]):
    """Values of another type, separated by commas.

    Parameters
    ----------
    each
        Type of the values.
    """

    name = "values"

    def __init__(self, each: click.ParamType[Any]) -> None:
        self.each = each

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[Any, ...]:
        """Return `value` as a tuple."""
        if isinstance(value, tuple):
            return value
        return tuple(self.each.convert(part, param, ctx) for part in str(value).split(","))


def _formats() -> Iterable[str]:
    from instances.traces import FORMATS

    return FORMATS


def _families() -> Iterable[str]:
    from instances.generate.arrivals import TRAFFIC

    return TRAFFIC


def _processes() -> Iterable[str]:
    from instances.generate.arrivals import PROCESSES

    return PROCESSES


@dataclass(frozen=True)
class Traffic:
    """Which requests arrive, as the command line says it."""

    trace: Path | None
    form: str | None
    family: str | None
    requests: int | None
    process: str | None
    shape: Fraction | None
    per_second: Fraction | None
    seed: int
    rate: Fraction
    first: int | None
    class_edges: tuple[int, ...]
    class_shares: tuple[int, ...]

    def load(self) -> tuple[Arrivals, DropReport | None]:
        """Return the requests, and what was dropped in reading them if they were read.

        Raises
        ------
        InputError
            If a trace cannot be read or has no arrivals, or a number is out of range.
        """
        from instances.serving.arriving import classes_by_prompt
        from instances.serving.classes import draw_classes

        self._check()
        arrivals, report = self._read() if self.trace is not None else (self._generate(), None)
        if self.rate != 1:
            arrivals = arrivals.faster(self.rate)
        if self.class_edges:
            arrivals = arrivals.with_priority(classes_by_prompt(arrivals.prompt, self.class_edges))
        elif self.class_shares:
            arrivals = arrivals.with_priority(draw_classes(len(arrivals), self.seed, self.class_shares))
        return arrivals, report

    @property
    def is_said(self) -> bool:
        """Whether the command line says anything of requests."""
        return self.trace is not None or self.family is not None

    @property
    def name(self) -> str:
        """Return in a word where the requests come from."""
        return str(self.family) if self.trace is None else self.trace.name

    def _check(self) -> None:
        if (self.trace is None) == (self.family is None):
            raise click.UsageError("expected either a TRACE or --generate FAMILY")
        if self.class_edges and self.class_shares:
            raise click.UsageError("expected either --class-edges or --class-shares")
        if self.trace is not None:
            if self.form is None:
                raise click.UsageError("expected --format with a TRACE")
            for flag in ("requests", "process", "shape", "per_second"):
                if getattr(self, flag) is not None:
                    raise click.UsageError(f"expected --generate with --{_FLAGS.get(flag, flag)}")
        elif self.requests is None or self.per_second is None:
            raise click.UsageError("expected --requests and --per-second with --generate")

    def _read(self) -> tuple[Arrivals, DropReport]:
        from instances.serving.arriving import read_arrivals

        assert self.trace is not None
        assert self.form is not None
        return read_arrivals(self.trace, self.form, first=self.first)

    def _generate(self) -> Arrivals:
        from instances.generate.arrivals import generate_arrivals

        assert self.family is not None
        assert self.requests is not None
        assert self.per_second is not None
        return generate_arrivals(
            self.family,
            min(self.requests, self.first or self.requests),
            self.seed,
            per_second=self.per_second,
            process=self.process,
            shape=self.shape,
        )


_FLAGS = {"process": "arrivals", "per_second": "per-second"}
"""Fields whose option has another name."""


traffic_options = collected(
    "traffic",
    Traffic,
    [
        click.argument("trace", type=click.Path(exists=True, path_type=Path), required=False),
        click.option("--format", "form", type=options.LazyChoice(_formats), help="Format of TRACE."),
        click.option(
            "--generate",
            "family",
            type=options.LazyChoice(_families),
            help="Generate requests of this family instead of reading TRACE.",
        ),
        click.option("--requests", type=click.IntRange(min=1), help="Number of generated requests."),
        click.option(
            "--per-second", type=options.Rational(), help="Generated requests per second, on average."
        ),
        click.option(
            "--arrivals",
            "process",
            type=options.LazyChoice(_processes),
            help="Process of generated arrivals; poisson unless the family has another.",
        ),
        click.option(
            "--shape",
            type=options.Rational(),
            help="Shape of gamma arrivals: smaller is burstier.  [default: 0.25]",
        ),
        options.seed_option,
        click.option(
            "--rate",
            type=options.Rational(),
            default="1",
            show_default=True,
            help="Let the requests arrive so many times as fast.",
        ),
        click.option("--first", type=click.IntRange(min=1), help="Keep only the first so many requests."),
        click.option(
            "--class-edges",
            type=Listed(click.IntRange(min=1)),
            metavar="N[,N…]",
            default=(),
            help="Prompt lengths at which the next priority class begins.",
        ),
        click.option(
            "--class-shares",
            type=Listed(click.IntRange(min=0)),
            metavar="N[,N…]",
            default=(),
            help="Draw priority classes at random in these shares, as 20,30,50.",
        ),
    ],
)


@dataclass(frozen=True)
class Machines:
    """The devices of model A, as the command line says it."""

    devices: int
    alpha: Fraction | None
    beta: Fraction | None
    gamma: Fraction | None
    grid: Path | None
    memory: int
    max_batch: int

    def batch_device(self) -> tuple[BatchDevice, Fit | None]:
        """Return what the devices are like, and the fit if their coefficients were fitted.

        Raises
        ------
        InputError
            If a latency grid cannot be fitted, or a number is out of range.
        """
        from instances.serving import BatchDevice
        from instances.serving.fit import fit_file

        given = {"fixed": self.alpha, "per_token": self.beta, "sharing": self.gamma}
        known = {name: value for name, value in given.items() if value is not None}
        if self.grid is None:
            return BatchDevice(**known, kv_tokens=self.memory, max_batch_size=self.max_batch), None
        if known:
            raise click.UsageError("expected either --fit or --alpha, --beta and --gamma")
        found = fit_file(self.grid)
        return found.device(self.memory, self.max_batch), found


memory_option = click.option(
    "--memory",
    type=options.Memory(),
    metavar="TOKENS|GB,GB,KB",
    default="100000",
    show_default=True,
    help="Tokens that a device holds, or its GB, the model's GB and kB per token (80,26,800).",
)

machine_options = collected(
    "machines",
    Machines,
    [
        click.option(
            "--devices",
            type=click.IntRange(min=1, max=10**6),
            default=1,
            show_default=True,
            help="Identical devices.",
        ),
        click.option("--alpha", type=options.Rational(), help="ms of every batch.  [default: 15]"),
        click.option("--beta", type=options.Rational(), help="ms per token of the longest.  [default: 0.3]"),
        click.option(
            "--gamma", type=options.Rational(), help="How much a full batch is slower.  [default: 0.4]"
        ),
        click.option(
            "--fit",
            "grid",
            type=options.INPUT_FILE,
            help="Fit alpha, beta and gamma to a CSV of batch,length,ms.",
        ),
        memory_option,
        click.option(
            "--max-batch",
            type=click.IntRange(min=1),
            default=64,
            show_default=True,
            help="Most requests of a batch.",
        ),
    ],
)

sla_option: Callable[[Callable[..., Any]], Callable[..., Any]] = click.option(
    "--sla",
    type=Listed(options.Rational()),
    metavar="MS[,MS…]",
    help="Latency in ms that is promised, one per priority class or one for all.",
)


def service_level(sla: tuple[Fraction, ...] | None) -> ServiceLevel | None:
    """Return what is promised, rounded down to ns; None if nothing is."""
    if sla is None:
        return None
    from instances.serving import ServiceLevel
    from instances.serving.clock import NS_PER_MS

    return ServiceLevel(tuple(int(latency * NS_PER_MS) for latency in sla))
