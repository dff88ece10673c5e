"""Every contestant on the same requests at every rate, and the certified bounds beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from time import perf_counter

from heuristics.schedulers.progress import SimulationProgress
from heuristics.schedulers.simulation import Simulation
from instances.serving import Arrivals
from milp.comparison.contestants import Contestant
from milp.hindsight.hindsight import HindsightBounds

Bound = Callable[[Arrivals], HindsightBounds]
"""What bounds requests that arrive, on the contestants' devices."""


@dataclass(frozen=True, eq=False)
class Row:
    """One contestant at one rate.

    Attributes
    ----------
    rate
        How many times as fast as in the trace the requests arrived.
    name
        The contestant.
    simulation
        What it did.
    """

    rate: Fraction
    name: str
    simulation: Simulation


@dataclass(frozen=True, eq=False)
class Comparison:
    """Rows rate by rate, in the order of the contestants.

    Attributes
    ----------
    arrivals
        The requests, at the rate of the trace.
    rows
        What every contestant did.
    bounds
        Rate to certified bounds; none where they were not asked for.
    """

    arrivals: Arrivals
    rows: tuple[Row, ...]
    bounds: dict[Fraction, HindsightBounds]

    def gap(self, row: Row, objective: str, quantile: Fraction | None = None) -> Fraction | None:
        """Return how far a row's objective is above the bound, as a share of the bound.

        Parameters
        ----------
        row
            One of the rows.
        objective, quantile
            As of a `Claim`.

        Returns
        -------
        Fraction or None
            None where there is no bound, or a bound of 0.
        """
        bounds = self.bounds.get(row.rate)
        bound = None if bounds is None else bounds.value(objective, quantile)
        reached = value_of(row.simulation, objective, quantile)
        return None if not bound or reached is None else reached / bound - 1


@dataclass(frozen=True)
class ComparisonProgress:
    """State of a comparison at one moment.

    Attributes
    ----------
    seconds
        Since it began, on the wall's clock.
    done, rows
        Rows that are finished, of all.
    rate, name
        What is being done: a contestant, or the bounds.
    simulation
        How far its simulation is.
    """

    seconds: float
    done: int
    rows: int
    rate: Fraction
    name: str
    simulation: SimulationProgress | None = None


def compare(
    arrivals: Arrivals,
    contestants: Sequence[Contestant],
    rates: Iterable[Fraction] = (Fraction(1),),
    bound: Bound | None = None,
    progress: Callable[[ComparisonProgress], None] | None = None,
) -> Comparison:
    """Let every contestant serve the requests at every rate.

    Parameters
    ----------
    arrivals
        The requests.
    contestants
        Who takes part; all on the same devices.
    rates
        How many times as fast the requests arrive.
    bound
        Bounds what any schedule reaches; None for no bounds.
    progress
        Called now and then.

    Raises
    ------
    InputError
        If a rate is out of range, or a device cannot hold some request.
    """
    speeds = tuple(rates)
    start = perf_counter()
    rows: list[Row] = []
    bounds: dict[Fraction, HindsightBounds] = {}

    def tell(rate: Fraction, name: str, simulation: SimulationProgress | None = None) -> None:
        if progress is not None:
            total = len(speeds) * len(contestants)
            progress(ComparisonProgress(perf_counter() - start, len(rows), total, rate, name, simulation))

    for rate in speeds:
        arriving = arrivals.faster(rate)
        for contestant in contestants:
            tell(rate, contestant.name)
            done = contestant.simulate(arriving, _within(tell, rate, contestant.name))
            rows.append(Row(rate, contestant.name, done))
        if bound is not None:
            tell(rate, "certified bounds")
            bounds[rate] = bound(arriving)
    return Comparison(arrivals, tuple(rows), bounds)


def _within(
    tell: Callable[[Fraction, str, SimulationProgress], None], rate: Fraction, name: str
) -> Callable[[SimulationProgress], None]:
    return lambda simulation: tell(rate, name, simulation)


def value_of(simulation: Simulation, objective: str, quantile: Fraction | None = None) -> Fraction | None:
    """Return what a simulation reached of an objective, in the units of a `Claim`; None if not measured."""
    metrics = simulation.metrics
    if objective == "percentile":
        spread = metrics.total.latency
        at = {Fraction(1, 2): spread.p50, Fraction(19, 20): spread.p95, Fraction(99, 100): spread.p99}
        return None if quantile not in at else Fraction(at[quantile])
    busy = simulation.busy
    reached = {
        "mean_latency": metrics.total.latency.mean,
        "makespan": metrics.makespan,
        "violations": metrics.total.violations,
        "device_time": int((busy.finish - busy.start).sum()),
    }[objective]
    return None if reached is None else Fraction(reached)
