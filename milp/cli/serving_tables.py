"""Simulations as tables for people; times in seconds."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

from instances.serving.clock import NS_PER_S
from milp.cli.tables import facts

if TYPE_CHECKING:
    from rich.console import RenderableType

    from heuristics.schedulers.simulation import Simulation
    from instances.serving import BatchDevice
    from instances.serving.composition import Composition
    from instances.serving.fit import Fit
    from instances.serving.metrics import GroupMetrics, Spread

SPREAD = ("number", "mean", "p50", "p95", "p99")


def seconds(ns: int | Fraction) -> str:
    """Return a time in ns as seconds to the millisecond."""
    return f"{float(Fraction(ns) / NS_PER_S):,.3f}"


def decimals(value: Fraction | None, places: int = 2) -> str:
    """Return a fraction with so many decimals."""
    return "none" if value is None else f"{float(value):,.{places}f}"


def device_text(device: BatchDevice, fit: Fit | None) -> str:
    """Return a device in one line."""
    fixed, slope, sharing = (float(value) for value in (device.fixed, device.per_token, device.sharing))
    text = (
        f"T(b, L) = {fixed:g} ms + {slope:g} ms·L·(1 + {sharing:g}(b − 1)/b), "
        f"{device.kv_tokens:,} tokens, batches of {device.max_batch_size}"
    )
    return text if fit is None else f"{text}; fitted to {fit.rows:,} rows, R² {float(fit.r_squared):.6f}"


def simulation_tables(simulation: Simulation) -> Iterator[RenderableType]:
    """Yield what happened: the whole, then by class and bin where there are several."""
    found = simulation.metrics
    tokens = decimals(found.tokens_per_second, 0)
    rows = {
        "makespan": f"{seconds(found.makespan)} s",
        "throughput": f"{decimals(found.throughput)} requests/s, {tokens} tokens/s",
    }
    if found.total.violations is not None:
        rows["goodput"] = f"{decimals(found.goodput)} requests/s"
        share = Fraction(found.total.violations, found.total.requests)
        rows["SLA violations"] = f"{found.total.violations:,} ({decimals(share * 100)} %)"
    rows |= {
        "utilisation": f"{decimals(found.utilisation * 100)} %",
        "batch size": f"mean {decimals(found.batch_size.mean)}, largest {found.batch_size.most:,}",
        "queue depth": f"mean {decimals(found.mean_depth)}, largest {found.most_depth:,}",
        "rules": escape("; ".join(map(str, simulation.broken))) or "[green]all kept[/]",
    }
    yield facts(rows)
    groups = {"all": found.total}
    if len(found.classes) > 1:
        groups |= {f"class {k}": group for k, group in found.classes.items()}
    groups |= {f"bin {_range(k, simulation.edges)}": group for k, group in found.bins.items()}
    yield from _latency_tables(groups)
    if simulation.composition is not None:
        overall, bins = simulation.composition
        several = (
            {f"bin {_range(k, simulation.edges)}": one for k, one in bins.items()} if len(bins) > 1 else {}
        )
        yield _composition_table({"all": overall, **several})


def _range(number: int, edges: tuple[int, ...]) -> str:
    """Return the predicted gen lengths of a bin: ``64–255``."""
    low = edges[number - 1] if number else 0
    return f"{low}–{edges[number] - 1}" if number < len(edges) else f"{low}+"


def _latency_tables(groups: dict[str, GroupMetrics]) -> Iterator[Table]:
    """Yield the latency and the time to the first token of each group."""
    promised = any(group.violations is not None for group in groups.values())
    latency = _titled("latency, s", "requests", [*SPREAD, "max", *(["late"] if promised else [])])
    first_token = _titled("time to first token, s", "requests", [*SPREAD, "max wait"])
    for name, group in groups.items():
        late = [] if group.violations is None else [f"{group.violations:,}"]
        latency.add_row(
            name, f"{group.requests:,}", *_times(group.latency), seconds(group.latency.most), *late
        )
        first_token.add_row(name, f"{group.requests:,}", *_times(group.first_token), seconds(group.wait.most))
    yield latency
    yield first_token


def _times(spread: Spread) -> list[str]:
    return [seconds(value) for value in (spread.mean, spread.p50, spread.p95, spread.p99)]


def _titled(title: str, first: str, others: list[str]) -> Table:
    table = Table(title=title, title_justify="left", title_style="")
    table.add_column(first)
    for name in others:
        table.add_column(name, justify="right")
    return table


def _composition_table(groups: dict[str, Composition]) -> Table:
    columns = ["number", "mean size", "variance", "range", "max/mean"]
    table = _titled("lengths within batches, tokens", "batches", columns)
    for name, one in groups.items():
        table.add_row(
            name,
            f"{one.batches:,}",
            decimals(one.size.mean),
            decimals(one.variance, 0),
            decimals(one.range, 1),
            decimals(one.max_over_mean, 3),
        )
    return table
