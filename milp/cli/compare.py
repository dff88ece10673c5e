"""``batchproof compare``: schedulers side by side, and what none could have beaten."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from milp.cli import options
from milp.cli.errors import ExitCode
from milp.cli.output import report, require_writable
from milp.cli.policy_options import batch_policy_options
from milp.cli.progress import shown_progress
from milp.cli.round_options import round_options
from milp.cli.schedulers import batch_machine, model_option, refuse_options_of_the_other_model, round_machine
from milp.cli.serving_options import Listed, machine_options, service_level, sla_option, traffic_options
from milp.cli.simulate import progress_text

if TYPE_CHECKING:
    from heuristics.schedulers.predictors import Predictor
    from instances.serving import Arrivals, ServiceLevel
    from milp.cli.policy_options import BatchPolicyChoice
    from milp.cli.round_options import RoundChoice
    from milp.cli.schedulers import AnyMachine
    from milp.cli.serving_options import Machines, Traffic
    from milp.comparison import Comparison, ComparisonProgress, Contestant

    Said = tuple[Machines, BatchPolicyChoice, RoundChoice, ServiceLevel | None, int]


@click.command()
@traffic_options
@model_option
@click.option(
    "--policies", default="all", show_default=True, metavar="A,B,…|all", help="Schedulers that take part."
)
@click.option(
    "--rates",
    type=Listed(options.Rational()),
    metavar="X[,X…]",
    help="Several rates, one table each.  [default: that of --rate]",
)
@click.option(
    "--bin-counts",
    type=Listed(click.IntRange(min=1)),
    metavar="N[,N…]",
    default="1,2,4,8",
    show_default=True,
    help="Bins of equal mass that multi-bin takes part with.",
)
@click.option(
    "--predictors",
    default="oracle",
    show_default=True,
    metavar="A,B,…",
    help="What multi-bin is told of gen lengths: oracle, noisy, constant.",
)
@click.option(
    "--error",
    type=options.Rational(),
    default="0.2",
    show_default=True,
    help="Largest relative error of the noisy predictor.",
)
@machine_options
@sla_option
@batch_policy_options
@round_options
@click.option("--bounds/--no-bounds", default=True, show_default=True, help="Certify what none could beat.")
@click.option("--csv", type=options.OUTPUT_FILE, metavar="FILE", help="Write all rows as CSV.")
@click.option("--markdown", type=options.OUTPUT_FILE, metavar="FILE", help="Write the tables as Markdown.")
@click.option("--plot", type=options.OUTPUT_FILE, metavar="FILE", help="Draw them: png, svg or pdf.")
@options.json_option
def compare(
    traffic: Traffic,
    model: str,
    policies: str,
    rates: tuple[Fraction, ...] | None,
    bin_counts: tuple[int, ...],
    predictors: str,
    error: Fraction,
    machines: Machines,
    sla: tuple[Fraction, ...] | None,
    choice: BatchPolicyChoice,
    round_choice: RoundChoice,
    bounds: bool,
    csv: Path | None,
    markdown: Path | None,
    plot: Path | None,
    as_json: bool,
) -> ExitCode:
    """Run schedulers on the requests of TRACE, or on generated ones, all on the same devices.

    Beside them stands what no scheduler could have beaten, certified: see docs/hindsight.md. The same
    requests, options and seed give the same numbers on every machine.
    """
    from milp.comparison import compare as compared
    from milp.hindsight.hindsight import bounds_for

    require_writable(csv, markdown, plot=plot)
    promised = service_level(sla)
    machine, contestants = _contestants(
        model,
        None if policies == "all" else _names(policies),
        bin_counts,
        _predictors(predictors, error),
        (machines, choice, round_choice, promised, traffic.seed),
    )
    arrivals, account = replace(traffic, rate=Fraction(1)).load()

    def bound(arriving: Arrivals) -> Any:
        return bounds_for(arriving, machine.device, machines.devices, promised)

    with shown_progress(_progress_text) as progress:
        found = compared(arrivals, contestants, rates or (traffic.rate,), bound if bounds else None, progress)
    files = _write(found, traffic.name, csv, markdown, plot)

    def tables() -> Iterable[Any]:
        from rich.markup import escape

        from milp.cli.compare_tables import compare_tables
        from milp.cli.tables import facts

        yield facts(
            {
                "trace": f"{escape(traffic.name)}, {len(arrivals):,} requests",
                "devices": f"{machines.devices:,} × {machine.text}",
            }
        )
        yield from compare_tables(found)
        if files:
            yield facts({f"wrote {what}": escape(path) for what, path in files.items()})

    from milp.cli.compare_records import comparison_record
    from milp.cli.serving_records import arrivals_record

    record = {
        **arrivals_record(traffic.name, arrivals, account, 0),
        **machine.record,
        **comparison_record(found, promised),
        "files": files,
    }
    report(as_json, record, tables)
    return _code(found)


def _contestants(
    model: str,
    policies: list[str] | None,
    bins: tuple[int, ...],
    predictors: dict[str, Predictor],
    said: Said,
) -> tuple[AnyMachine, tuple[Contestant, ...]]:
    """Return the devices of a model, and who takes part on them."""
    from milp.comparison import Field, batch_contestants, round_contestants

    machines, choice, round_choice, promised, seed = said
    refuse_options_of_the_other_model(model)
    if model == "rounds":
        rounds = round_machine(machines, round_choice)
        told = round_choice.options(choice.batch_size, promised, seed)
        meet = Field(rounds.device, machines.devices, promised, seed)
        return rounds, round_contestants(meet, policies, predictors, told)
    batches = batch_machine(machines)
    field = Field(batches.device, machines.devices, promised, seed)
    return batches, batch_contestants(field, policies, bins, predictors, choice.options(promised))


def _names(given: str) -> list[str]:
    return [name.strip() for name in given.split(",") if name.strip()]


def _predictors(given: str, error: Fraction) -> dict[str, Predictor]:
    from heuristics.schedulers.predictors import predictor

    found = {name: predictor(name, error=error) for name in _names(given)}
    if not found:
        raise click.UsageError("expected at least one predictor")
    return found


def _progress_text(progress: ComparisonProgress) -> str:
    text = f"{progress.done} of {progress.rows} runs done; ×{float(progress.rate):g} {progress.name}"
    return text if progress.simulation is None else f"{text}: {progress_text(progress.simulation)}"


def _write(
    found: Comparison, name: str, csv: Path | None, markdown: Path | None, plot: Path | None
) -> dict[str, str]:
    files = {}
    if csv is not None:
        from milp.comparison.frame import write_csv

        write_csv(found, csv)
        files["csv"] = str(csv)
    if markdown is not None:
        from instances.files.atomic import atomic_write
        from milp.cli.compare_tables import markdown_page

        with atomic_write(markdown) as file:
            file.write(markdown_page(found, f"Schedulers on {name}").encode())
        files["markdown"] = str(markdown)
    if plot is not None:
        from milp.plots.canvas import save
        from milp.plots.comparison import draw_comparison

        save(draw_comparison(found), plot)
        files["picture"] = str(plot)
    return files


def _code(found: Comparison) -> ExitCode:
    broken = any(row.simulation.broken for row in found.rows)
    rejected = any(not bounds.verdict.certified for bounds in found.bounds.values())
    return ExitCode.NOT_VERIFIED if broken or rejected else ExitCode.FINE
