"""Everything that `batchproof analyze` computes, as one immutable record."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import heuristics
from heuristics import Uncoverable
from instances.instance import Instance
from instances.least_cost import LeastCost, least_batches, least_cost, most_shapes, needed_corners
from instances.metrics import Evaluation
from milp.analysis.drivers import Driver, Longest, longest, padding_drivers, top_share, work_drivers
from milp.analysis.floors import Floor, find_floors
from milp.analysis.lengths import Lengths, lengths
from milp.analysis.padding import Padding, padding
from milp.progress import ProgressCallback


@dataclass(frozen=True)
class StreamAnalysis:
    """What a stream's own lengths say.

    Parameters
    ----------
    name
        Of the stream.
    requests
        How many.
    prompt, gen
        Their lengths.
    longest
        What sets the longest prompt and gen.
    costliest, most_padded
        The few requests without which the least work, and the pad ratio of alignment, fall most.
    top_share
        Share of the least work that the costliest percent of the requests has.
    corners
        Lengths (prompt, gen) each of which some shape of every plan has to hold; gen 0 where not compiled.
    batches
        Least number of batches by counting requests and tokens.
    shapes
        Most distinct shapes that the stream's limit on the cost leaves; None without a limit or any plan.
    """

    name: str
    requests: int
    prompt: Lengths
    gen: Lengths
    longest: tuple[Longest, ...]
    costliest: tuple[Driver, ...]
    most_padded: tuple[Driver, ...]
    top_share: Fraction
    corners: tuple[tuple[int, int], ...]
    batches: int
    shapes: int | None


@dataclass(frozen=True, eq=False)
class Analysis:
    """What can be said of an instance before any plan.

    Parameters
    ----------
    instance
        The problem.
    streams
        One per stream.
    padding
        Padding budgets: of each stream, and of all where there are several.
    least_cost
        What every plan pays at least, by counting.
    shapes
        Most distinct shapes that the limit on the cost of all leaves; None without a limit or any plan.
    greedy
        The greedy plan's metrics and cost parts; None if greedy has no plan.
    floors
        The least of each metric.
    seconds
        Time taken.
    """

    instance: Instance
    streams: tuple[StreamAnalysis, ...]
    padding: tuple[Padding, ...]
    least_cost: LeastCost
    shapes: int | None
    greedy: Evaluation | None
    floors: tuple[Floor, ...]
    seconds: float

    @property
    def unreachable(self) -> bool:
        """Whether it is proven that no plan meets all limits."""
        return any(floor.unreachable for floor in self.floors)


def analyze(
    instance: Instance,
    *,
    time_limit: float = 60.0,
    progress: ProgressCallback | None = None,
    stopped: Callable[[], bool] = lambda: False,
) -> Analysis:
    """Analyse an instance.

    Parameters
    ----------
    instance
        The problem.
    time_limit
        Seconds for all floors together; the rest is arithmetic.
    progress
        Called as the searches for floors go on.
    stopped
        Tells whether the user wants no further floor.
    """
    start = time.monotonic()
    numbers = range(len(instance.streams))
    scopes: list[int | None] = [*numbers, None] if len(numbers) > 1 or _limits_all(instance) else [*numbers]
    limit = instance.limits.cost
    streams = tuple(_analyze_stream(instance, k) for k in numbers)
    budgets = tuple(padding(instance, scope) for scope in scopes)
    greedy = _greedy(instance)
    return Analysis(
        instance=instance,
        streams=streams,
        padding=budgets,
        least_cost=least_cost(instance),
        shapes=None if limit is None else most_shapes(instance, limit),
        greedy=greedy,
        floors=find_floors(instance, time_limit=time_limit, progress=progress, stopped=stopped),
        seconds=time.monotonic() - start,
    )


def _limits_all(instance: Instance) -> bool:
    return instance.limits.pad_ratio is not None


def _analyze_stream(instance: Instance, stream: int) -> StreamAnalysis:
    own = instance.streams[stream]
    limit = own.limits.cost
    return StreamAnalysis(
        name=own.name,
        requests=own.demand.requests,
        prompt=lengths(own.demand.prompt, own.demand.count),
        gen=lengths(own.demand.gen, own.demand.count),
        longest=longest(instance, stream),
        costliest=work_drivers(instance, stream),
        most_padded=padding_drivers(instance, stream),
        top_share=top_share(instance, stream),
        corners=needed_corners(instance, stream),
        batches=least_batches(instance, stream),
        shapes=None if limit is None else most_shapes(instance, limit, stream),
    )


def _greedy(instance: Instance) -> Evaluation | None:
    try:
        return heuristics.run("greedy", instance).evaluation
    except Uncoverable:
        return None
