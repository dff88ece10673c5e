"""The heuristics by name."""

from __future__ import annotations

import time
from collections.abc import Callable

from heuristics.greedy import greedy
from heuristics.nested import nested
from heuristics.one_per_batch import one_per_batch
from heuristics.one_shape import one_shape
from heuristics.partition import partition
from heuristics.powers_of_two import powers_of_two
from heuristics.result import HeuristicResult
from instances.errors import InputError
from instances.groups import Groups, form_groups
from instances.instance import Instance
from instances.metrics import evaluate
from instances.plan import Plan

Heuristic = Callable[[Instance, Groups], Plan]

HEURISTICS: dict[str, Heuristic] = {
    "greedy": greedy,
    "nested": nested,
    "one-per-batch": one_per_batch,
    "one-shape": one_shape,
    "partition": partition,
    "powers-of-two": powers_of_two,
}

NAMES: tuple[str, ...] = tuple(HEURISTICS)


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
