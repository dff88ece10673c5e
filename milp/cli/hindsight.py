"""``batchproof hindsight``: what no scheduler could have beaten on a trace, certified."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from milp.cli import options
from milp.cli.errors import ExitCode, code_of
from milp.cli.output import report
from milp.cli.round_options import round_options
from milp.cli.schedulers import machine_of, model_option
from milp.cli.serving_options import Listed, machine_options, service_level, sla_option, traffic_options

if TYPE_CHECKING:
    from rich.console import RenderableType

    from milp.cli.round_options import RoundChoice
    from milp.cli.serving_options import Machines, Traffic


class Percentile(click.ParamType[Fraction]):
    """A percentile such as ``p95``, as the quantile 19/20."""

    name = "percentile"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Fraction:
        """Return `value` as a quantile."""
        if isinstance(value, Fraction):
            return value
        from instances.limits import percentile_quantile

        quantile = percentile_quantile(str(value))
        if quantile is None:
            self.fail(f"expected a percentile such as p95, found {value}", param, ctx)
        return quantile


@click.command()
@traffic_options
@model_option
@machine_options
@round_options
@sla_option
@click.option(
    "--percentiles",
    "quantiles",
    type=Listed(Percentile()),
    metavar="PX[,PX…]",
    default="p50,p95,p99",
    show_default=True,
    help="Percentiles of the latency to bound.",
)
@click.option(
    "--drop-oversized", is_flag=True, help="Drop requests that no device can hold instead of refusing them."
)
@click.option(
    "-o", "--output", type=options.OUTPUT_FILE, help="Certificate to write: a .json or .json.gz file."
)
@click.option(
    "--verify", "given", type=options.INPUT_FILE, metavar="FILE", help="Verify this certificate instead."
)
@options.json_option
def hindsight(
    traffic: Traffic,
    model: str,
    machines: Machines,
    round_choice: RoundChoice,
    sla: tuple[Fraction, ...] | None,
    quantiles: tuple[Fraction, ...],
    drop_oversized: bool,
    output: Path | None,
    given: Path | None,
    as_json: bool,
) -> ExitCode:
    """Bound what any scheduler could have done on the requests of TRACE, or on generated ones.

    Devices run batches to completion, or work in rounds (docs/serving.md, docs/serving-rounds.md). No
    scheduler has less latency, fewer violations or less device time, not even one that knows all arrivals
    and lengths beforehand. Every bound is recomputed from the trace before it is printed; -o writes what
    that takes.
    """
    if given is not None and output is not None:
        raise click.UsageError("expected either -o or --verify")
    from heuristics.schedulers.batches import without_oversized
    from milp.hindsight.certificate_file import read_hindsight, write_hindsight
    from milp.hindsight.hindsight import HindsightBounds, bounds_for
    from milp.hindsight.problem import HindsightProblem
    from milp.hindsight.verify import verify

    certificate = None if given is None else read_hindsight(given)
    promised = service_level(sla)
    machine = machine_of(model, machines, round_choice)
    device = machine.device
    arrivals, account = traffic.load()
    oversized = 0
    if drop_oversized:
        arrivals, oversized = without_oversized(arrivals, device)
    if certificate is None:
        found = bounds_for(arrivals, device, machines.devices, promised, quantiles)
    else:
        problem = HindsightProblem(arrivals, device, machines.devices, promised)
        verdict = verify(problem, certificate)
        found = HindsightBounds(problem, certificate, verdict, verdict.seconds)
    if output is not None and found.verdict.certified:
        write_hindsight(found.certificate, output)

    def tables() -> Iterator[RenderableType]:
        from milp.cli.hindsight_tables import hindsight_tables

        described = f"{machines.devices:,} × {machine.text}"
        yield from hindsight_tables(found, traffic.name, described, oversized, output)

    from milp.cli.hindsight_records import hindsight_record
    from milp.cli.serving_records import arrivals_record

    record = {
        **hindsight_record(found),
        **arrivals_record(traffic.name, arrivals, account, oversized),
        **machine.record,
        "sla_ns": None if promised is None else list(promised.latency),
        "files": {} if output is None else {"certificate": str(output)},
    }
    report(as_json, record, tables)
    return code_of(found.verdict.status)
