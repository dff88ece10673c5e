"""``batchproof pareto``: the trade-off between two metrics, with the region that is proven unreachable."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from milp.cli import options
from milp.cli.errors import ExitCode, code_of
from milp.cli.output import report, require_folder, require_writable, write_json
from milp.cli.progress import shown_progress
from milp.cli.records import Record, exact

if TYPE_CHECKING:
    from rich.console import RenderableType

    from milp import Progress
    from milp.pareto import Curve

METRICS = "cost, pad_ratio, total_time, batches, shapes, or a percentile such as p95"


@click.command()
@options.instance_argument
@click.option("--x", "x", required=True, metavar="METRIC", help=f"What is limited step by step: {METRICS}.")
@click.option("--y", "y", required=True, metavar="METRIC", help="What is minimised at every step.")
@click.option(
    "--points", type=click.IntRange(min=1), default=15, show_default=True, help="Most points to find."
)
@click.option(
    "--from",
    "start",
    type=options.Rational(),
    metavar="V",
    help="Least x to allow; by default the least there is.",
)
@click.option(
    "--to",
    "stop",
    type=options.Rational(),
    metavar="V",
    help="Most x to allow; by default any, which gives the least y.",
)
@click.option(
    "--without-limits", is_flag=True, help="Leave out the instance's limits on x and y; all others hold."
)
@click.option(
    "--time-limit",
    type=options.Finite(min=0, min_open=True),
    default=300.0,
    show_default=True,
    metavar="SECONDS",
    help="Stop after this time, all points together.",
)
@click.option(
    "--gap",
    type=options.Finite(min=0, max=1),
    default=1e-4,
    show_default=True,
    help="A point is done once (y - certified bound) / y is at most this.",
)
@options.workers_option
@options.seed_option
@click.option("--plot", type=options.OUTPUT_FILE, metavar="FILE", help="Picture to draw: png, svg or pdf.")
@click.option(
    "--csv", "table", type=options.OUTPUT_FILE, metavar="FILE", help="Points and bounds as columns."
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Folder for every point's plan and certificate, and what --json prints.",
)
@options.json_option
def pareto(
    instance: str,
    plot: Path | None,
    table: Path | None,
    out: Path | None,
    as_json: bool,
    **settings: Any,
) -> ExitCode:
    """Trace the trade-off between two metrics, and prove what cannot be reached.

    Every point is a plan with the least y among those with no more x, and a certified bound on how much less
    there could be. Ctrl-C ends the search and keeps the points so far.
    """
    from milp.pareto import trace

    problem = options.load_instance(instance)
    require_writable(table, plot=plot)
    if out is not None:
        require_folder(out)
    with shown_progress() as show:

        def shown(step: str, progress: Progress) -> None:
            show(replace(progress, phase=f"{step}: {progress.phase}"))

        curve = trace(problem, progress=shown, **settings)
    files = _write(curve, plot, table, out)
    record = curve_record(curve) | {"files": {what: str(path) for what, path in files.items()}}
    if out is not None:
        write_json(record, files["result"])

    def tables() -> Iterable[RenderableType]:
        return _tables(curve, {what: path for what, path in files.items() if " " not in what})

    report(as_json, record, tables)
    return code_of(curve.status)


def _write(curve: Curve, plot: Path | None, table: Path | None, out: Path | None) -> dict[str, Path]:
    """Write what was asked for; return the files and the one that the result is yet to be written to."""
    files: dict[str, Path] = {}
    if table is not None:
        from milp.pareto.export import write_csv

        write_csv(curve, table)
        files["table"] = table
    if plot is not None and curve.front:
        from milp.plots.pareto import draw

        draw(curve, plot)
        files["picture"] = plot
    if out is not None:
        from milp.pareto.export import write_proofs

        name = re.sub(r"[^\w.+=-]+", "-", f"{curve.instance.name}.{curve.y.metric}-by-{curve.x.metric}")
        files |= write_proofs(curve, out, name)
        files["result"] = out / f"{name}.result.json"
    return files


def curve_record(curve: Curve) -> Record:
    """Return a curve: its plans, and what is proven unreachable."""
    from milp.pareto.area import undecided_share

    share = undecided_share(curve)
    return {
        "status": curve.status.value,
        "instance": curve.instance.name,
        "x": curve.x.metric,
        "y": curve.y.metric,
        "limits": {str(name): exact("value", value) for name, value in curve.kept_limits.items()},
        "dropped_limits": [str(name) for name in curve.dropped],
        "plans": [
            {
                **exact("x", row.x),
                **exact("y", row.y),
                **exact("lower_bound", row.lower_bound),
                **exact("gap", row.gap),
                "status": row.status.value,
            }
            for row in curve.rows()
        ],
        "unreachable": {
            **exact("x_below", curve.least_x),
            "steps": list(_steps(curve)),
            "lines": [
                {**exact("intercept", line.intercept), **exact("slope", line.slope)} for line in curve.lines
            ],
        },
        "undecided_share": share,
        "runtime_s": round(curve.seconds, 3),
    }


def _steps(curve: Curve) -> Iterator[Record]:
    for point in curve.points:
        if point.lower_bound is not None:
            yield {**exact("x_up_to", point.most), **exact("y_below", point.lower_bound)}


def _tables(curve: Curve, files: dict[str, Path]) -> Iterator[RenderableType]:
    """Yield the facts, a row per plan, and the files."""
    from rich.markup import escape
    from rich.table import Table

    from milp.cli.tables import facts, number, percent
    from milp.pareto.area import undecided_share

    kept = ", ".join(
        f"{escape(name.words(curve.instance))} ≤ {number(v)}" for name, v in curve.kept_limits.items()
    )
    share = undecided_share(curve)
    rows = {
        "instance": escape(curve.instance.name),
        "status": curve.status.value,
        "limits kept": kept or "none",
    }
    if curve.dropped:
        rows["limits left out"] = ", ".join(escape(name.words(curve.instance)) for name in curve.dropped)
    if curve.least_x:
        rows[f"least {curve.x.metric} (certified)"] = number(curve.least_x)
    if share is not None:
        rows["undecided area"] = f"{share * 100:.3g} % of the rectangle between the ends"
    rows["time"] = f"{curve.seconds:.2f} s"
    yield facts(rows)
    grid = Table()
    heads = [" ".join((axis.metric, axis.unit)).strip() for axis in (curve.x, curve.y)]
    for name in (*heads, "certified lower bound", "gap"):
        grid.add_column(name, justify="right")
    for row in curve.rows():
        grid.add_row(number(row.x), number(row.y), number(row.lower_bound), percent(row.gap))
    yield grid
    if files:
        yield facts({f"wrote {what}": escape(str(path)) for what, path in files.items()})
