"""``batchproof generate``: a made-up instance, the same for the same seed."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import click

from milp.cli import options
from milp.cli.convert import written
from milp.cli.errors import ExitCode


def _families() -> Iterable[str]:
    from instances.generate import FAMILIES

    return FAMILIES


@click.command()
@click.argument("family", type=options.LazyChoice(_families))
@click.option("--requests", type=click.IntRange(min=1), required=True, help="Number of requests.")
@click.option(
    "--streams",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Streams to deal the requests out to.",
)
@options.seed_option
@options.preset_option(default="token", show_default=True)
@options.granularity_option
@options.count_cost_option
@options.max_shapes_option
@options.output_option
@options.json_option
def generate(
    family: str,
    requests: int,
    streams: int,
    seed: int,
    preset: str,
    granularity: tuple[int, int | None],
    count_cost: Fraction,
    max_shapes: int | None,
    output: Path,
    as_json: bool,
) -> ExitCode:
    """Make up an instance of FAMILY."""
    from instances.generate import generate_instance

    instance = generate_instance(
        family,
        requests=requests,
        seed=seed,
        preset=preset,
        streams=streams,
        granularity=granularity,
        count_cost=count_cost,
        max_shapes=max_shapes,
    )
    return written(instance, output, as_json)
