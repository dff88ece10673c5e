"""``batchproof rounds``: the least total latency in rounds, and how far MC-SF is from it."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import click

from milp.cli import options
from milp.cli.errors import ExitCode, code_of
from milp.cli.output import report, require_writable
from milp.cli.progress import shown_progress
from milp.cli.serving_options import memory_option, traffic_options

if TYPE_CHECKING:
    from rich.console import RenderableType

    from instances.serving import Arrivals
    from milp.cli.serving_options import Traffic
    from milp.hindsight.rounds import RoundProblem
    from milp.hindsight.rounds.checking import RoundBound
    from milp.progress import Progress


@click.command()
@traffic_options
@memory_option
@click.option(
    "--round-ms", type=options.Rational(), default="10", show_default=True, help="ms of every round."
)
@click.option("--drop-oversized", is_flag=True, help="Drop requests that need more than the memory.")
@click.option(
    "--time-limit",
    type=click.FloatRange(min=0),
    default=60.0,
    show_default=True,
    help="Seconds of processor time after which the search ends.",
)
@click.option("-o", "--output", type=options.OUTPUT_FILE, help="Proof to write: a .json or .json.gz file.")
@click.option(
    "--plot",
    type=options.OUTPUT_FILE,
    metavar="FILE",
    help="Picture of who holds the memory in MC-SF and in the best schedule: a .png, .svg or .pdf file.",
)
@click.option("--verify", "given", type=options.INPUT_FILE, metavar="FILE", help="Verify this proof instead.")
@options.json_option
def rounds(
    traffic: Traffic,
    memory: int,
    round_ms: Fraction,
    drop_oversized: bool,
    time_limit: float,
    output: Path | None,
    plot: Path | None,
    given: Path | None,
    as_json: bool,
) -> ExitCode:
    """Find the least total latency of continuous batching in rounds, or certified bounds on it.

    One device works in rounds of equal length. In each, every running request generates a token; it holds its
    prompt and what it has generated. Compared with MC-SF, which knows lengths but not the future
    (docs/hindsight-rounds.md). A proof holds its requests: --verify needs no TRACE.
    """
    if given is not None and output is not None:
        raise click.UsageError("expected either -o or --verify")
    require_writable(output, plot=plot)
    from milp.hindsight.rounds.certificate_file import read_rounds, write_rounds
    from milp.hindsight.rounds.checking import checked

    dropped = 0
    if given is None or traffic.is_said:
        arrivals, _ = traffic.load()
        problem, dropped = _problem(arrivals, memory, round_ms, drop_oversized)
    if given is None:
        from milp.hindsight.rounds.bounding import bound_latency

        with shown_progress(_progress_text) as progress:
            found = bound_latency(problem, time_limit, progress)
    else:
        own, proof = read_rounds(given)
        found = checked(problem if traffic.is_said else own, proof)
    files = {}
    if output is not None and found.verdict.reason is None:
        write_rounds(found.problem, found.proof, output)
        files["proof"] = str(output)
    if plot is not None and found.verdict.reason is None:
        _draw(found, plot)
        files["picture"] = str(plot)

    from milp.cli.rounds_tables import rounds_record, rounds_tables

    def tables() -> Iterator[RenderableType]:
        yield from rounds_tables(found, dropped, files)

    report(as_json, rounds_record(found, dropped, files), tables)
    return code_of(found.verdict.status)


def _progress_text(progress: Progress) -> str:
    """Return where the search stands; nothing is certified before the verifier has seen the proof."""
    from milp.cli.tables import number

    incumbent, bound = number(progress.incumbent), number(progress.lower_bound)
    return f"{progress.phase}: incumbent {incumbent}, lower bound {bound}"


def _problem(arrivals: Arrivals, memory: int, round_ms: Fraction, drop: bool) -> tuple[RoundProblem, int]:
    """Return the problem, and the number of requests that were dropped."""
    from instances.serving.clock import nanoseconds
    from milp.hindsight.rounds.arriving import in_rounds

    if not round_ms:
        raise click.UsageError("expected --round-ms over 0")
    dropped = 0
    if drop:
        from heuristics.schedulers.batches import without_oversized
        from instances.serving import RoundDevice

        arrivals, dropped = without_oversized(arrivals, RoundDevice(memory))
    return in_rounds(arrivals, memory, nanoseconds(round_ms)), dropped


def _draw(found: RoundBound, path: Path) -> None:
    from milp.hindsight.rounds.first_schedules import mc_sf
    from milp.plots.canvas import save
    from milp.plots.rounds import draw_rounds

    schedules = {"MC-SF": mc_sf(found.problem), "best schedule": found.proof.start}
    save(draw_rounds(found.problem, schedules, found.verdict.lower or 0), path)
