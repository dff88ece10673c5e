"""The heuristics by name."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from heuristics.fixed_step import fixed_step
from heuristics.gen_buckets import gen_bisection, gen_buckets
from heuristics.greedy import greedy
from heuristics.grid import grid_search
from heuristics.lloyd_max import lloyd_max
from heuristics.local_search import local_search
from heuristics.nested import nested
from heuristics.one_per_batch import one_per_batch
from heuristics.one_shape import one_shape
from heuristics.partition import partition
from heuristics.percentiles import percentiles
from heuristics.powers_of_two import powers_of_two
from heuristics.prompt_clusters import prompt_clusters
from heuristics.result import HeuristicResult
from heuristics.streams import joint, stream_by_stream
from instances.errors import InputError
from instances.groups import Groups, form_groups
from instances.instance import Instance
from instances.metrics import evaluate
from instances.plan import Plan

Heuristic = Callable[[Instance, Groups], Plan]

HEURISTICS: dict[str, Heuristic] = {
    "fixed-step": fixed_step,
    "gen-bisection": gen_bisection,
    "gen-buckets": gen_buckets,
    "greedy": greedy,
    "grid-search": grid_search,
    "joint": joint,
    "lloyd-max": lloyd_max,
    "local-search": local_search,
    "nested": nested,
    "one-per-batch": one_per_batch,
    "one-shape": one_shape,
    "partition": partition,
    "percentiles": percentiles,
    "powers-of-two": powers_of_two,
    "prompt-clusters": prompt_clusters,
    "stream-by-stream": stream_by_stream,
}

NAMES: tuple[str, ...] = tuple(HEURISTICS)

DESCRIPTIONS: Mapping[str, str] = {
    "fixed-step": "shapes and batches at multiples of a step, the best of few",
    "gen-bisection": "the widest gen buckets that keep to the limits, by bisection",
    "gen-buckets": "gen buckets as wide as the padding allowed; prompts cut with least padding",
    "greedy": "opens what saves most, then exchanges; prices rise until limits hold",
    "grid-search": "the best of about a hundred rules and numbers of cells",
    "joint": "greedy, all streams together",
    "lloyd-max": "shapes and batches at the levels of a quantiser that rounds up",
    "local-search": "from the best quick plan: merge, split and move batches, swap shapes",
    "nested": "prompts cut into shapes by shortest path, the gens of each into batches",
    "one-per-batch": "every request in a batch of its own",
    "one-shape": "everything in one shape, in as few batches as have room",
    "partition": "prompts cut into shapes by shortest path, batches at powers of two",
    "percentiles": "shapes and batches at percentiles of equal mass",
    "powers-of-two": "shapes and batches at powers of two",
    "prompt-clusters": "neighbours in the order of (prompt, gen) share batches, cut at best",
    "stream-by-stream": "greedy, one stream at a time, shapes split among streams",
}
"""What each heuristic does, in one line."""


def run(name: str, instance: Instance, groups: Groups | None = None) -> HeuristicResult:
    """Run a heuristic.

    Parameters
    ----------
    name
        One of `NAMES`.
    groups
        The instance's groups, if at hand.

    Raises
    ------
    InputError
        If there is no such heuristic.
    Uncoverable
        If the heuristic has no structurally valid plan.
    """
    if name not in HEURISTICS:
        raise InputError(f"one of {', '.join(NAMES)}", name, field="heuristic")
    groups = form_groups(instance) if groups is None else groups
    start = time.perf_counter()
    plan = HEURISTICS[name](instance, groups)
    seconds = time.perf_counter() - start
    return HeuristicResult(name, plan, evaluate(instance, plan, groups), seconds)
