"""``batchproof simulate``: a scheduler on a trace, over time."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

import click

from milp.cli import options
from milp.cli.errors import ExitCode
from milp.cli.output import report, require_writable
from milp.cli.policy_options import batch_policy_options, prediction_options
from milp.cli.progress import shown_progress
from milp.cli.round_options import round_options
from milp.cli.schedulers import policy_names, scheduler
from milp.cli.serving_options import machine_options, service_level, sla_option, traffic_options

if TYPE_CHECKING:
    from rich.console import RenderableType

    from heuristics.schedulers.progress import SimulationProgress
    from heuristics.schedulers.simulation import Simulation
    from instances.serving import Arrivals, ServiceLevel
    from milp.cli.policy_options import BatchPolicyChoice, Prediction
    from milp.cli.round_options import RoundChoice
    from milp.cli.serving_options import Machines, Traffic

BAR = 16
"""Characters of the progress bar."""


def progress_text(progress: SimulationProgress) -> str:
    """Return how far a simulation is, in one line."""
    from instances.serving.clock import NS_PER_S

    done = BAR * progress.served // progress.requests
    share = 100 * progress.served // progress.requests
    return (
        f"{'━' * done}{'╌' * (BAR - done)} {share} %, {progress.served:,} of {progress.requests:,} requests, "
        f"at {progress.now // NS_PER_S:,} s"
    )


@click.command()
@traffic_options
@click.option("--policy", type=options.LazyChoice(policy_names), required=True, help="The scheduler.")
@machine_options
@sla_option
@prediction_options
@batch_policy_options
@round_options
@click.option(
    "--drop-oversized", is_flag=True, help="Drop requests that no device can hold instead of refusing them."
)
@click.option(
    "-o",
    "--output",
    type=options.OUTPUT_FILE,
    help="Table of what happened to each request: a .csv, .csv.gz or .parquet file.",
)
@click.option(
    "--plot",
    type=options.OUTPUT_FILE,
    metavar="FILE",
    help="Picture of the queue and the latencies: a .png, .svg or .pdf file.",
)
@options.json_option
def simulate(
    traffic: Traffic,
    policy: str,
    machines: Machines,
    sla: tuple[Fraction, ...] | None,
    prediction: Prediction,
    choice: BatchPolicyChoice,
    round_choice: RoundChoice,
    drop_oversized: bool,
    output: Path | None,
    plot: Path | None,
    as_json: bool,
) -> ExitCode:
    """Run a scheduler on the requests of TRACE, or on generated ones, and measure what it does.

    The policy says what devices do: run batches to completion, model A of docs/serving.md, or work in rounds
    that requests join and leave, model B of docs/serving-rounds.md. The same requests, options and seed give
    the same schedule, to the nanosecond, on every machine.
    """
    _refuse_early(output, plot)
    from heuristics.schedulers import batches

    promised = service_level(sla)
    chosen = scheduler(policy, machines, choice, round_choice, promised, traffic.seed)
    arrivals, account = traffic.load()
    oversized = 0
    if drop_oversized:
        arrivals, oversized = batches.without_oversized(arrivals, chosen.machine.device)
    predicted = prediction.of(arrivals.gen, traffic.seed)
    start = perf_counter()
    with shown_progress(progress_text) as progress:
        found = chosen.run(arrivals, predicted=predicted, service_level=promised, progress=progress)
    runtime = perf_counter() - start
    files = _written(found, arrivals, promised, policy, output, plot)

    def tables() -> Iterator[RenderableType]:
        from rich.markup import escape

        from milp.cli.serving_tables import simulation_tables
        from milp.cli.tables import facts

        dropped = f", {oversized:,} too long for a device dropped" if oversized else ""
        yield facts(
            {
                "trace": f"{escape(traffic.name)}, {len(arrivals):,} requests{dropped}",
                "policy": policy,
                "devices": f"{machines.devices:,} × {chosen.machine.text}",
            }
        )
        yield from simulation_tables(found)
        if files:
            yield facts({f"wrote {what}": escape(path) for what, path in files.items()})

    from milp.cli.serving_records import arrivals_record, simulation_record

    record = {
        **simulation_record(found, promised),
        "policy": policy,
        **arrivals_record(traffic.name, arrivals, account, oversized),
        **chosen.machine.record,
        "runtime_s": round(runtime, 3),
        "files": files,
    }
    report(as_json, record, tables)
    return ExitCode.NOT_VERIFIED if found.broken else ExitCode.FINE


def _refuse_early(output: Path | None, plot: Path | None) -> None:
    """Refuse files that cannot be made before anything is simulated for them."""
    if output is not None:
        from instances.serving.schedule_out import refuse_unknown_ending

        refuse_unknown_ending(output)
    require_writable(output, plot=plot)


def _written(
    found: Simulation,
    arrivals: Arrivals,
    promised: ServiceLevel | None,
    policy: str,
    output: Path | None,
    plot: Path | None,
) -> dict[str, str]:
    files = {}
    if output is not None:
        from instances.serving.schedule_out import write_rows

        write_rows(found.rows, output)
        files["schedule"] = str(output)
    if plot is not None:
        from milp.plots.canvas import save
        from milp.plots.serving import draw_simulation

        save(draw_simulation(arrivals, {policy: found.served}, promised), plot)
        files["picture"] = str(plot)
    return files
