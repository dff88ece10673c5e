"""Is there a schedule below a claim? One stage of counted lengths after another, until that is decided."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from milp.hindsight.rounds.backward import FAR, Backward, counters
from milp.hindsight.rounds.counted import Bound, CountedValues, counted_values
from milp.hindsight.rounds.path import Path, shortest_path
from milp.hindsight.rounds.problem import Ints

FEW = 100_000
"""Keys of a stage up to which only lengths that the shortest path has wrong are counted next."""

Stages = tuple[tuple[int, ...], ...]
"""Lengths that are counted in addition, stage by stage."""


def limit_of(program: Backward, claim: int) -> int:
    """Return the limit on paths: schedules below the claim, a sum of completion rounds, are shorter.

    Sums of rounds are whole, so those below the claim are at most claim − 1.
    """
    return (claim - 1) * program.denominator - program.constant + 1


def run_stages(
    program: Backward,
    plain: Bound,
    claim: int,
    stages: Iterator[tuple[int, ...]] | Stages,
    most: int,
) -> Iterator[CountedValues]:
    """Yield the values of one stage after the other; each bounds the next.

    Parameters
    ----------
    plain
        Values with nothing counted.
    claim
        On the sum of the completion rounds.
    stages
        What to count in addition; asked for when the values before are there.
    most
        Largest number of keys per stage.
    """
    bound, limit = plain, limit_of(program, claim)
    counted: tuple[int, ...] = ()
    for stage in stages:
        counted = counted + stage
        values = counted_values(
            program, counters(program.groups, program.states, counted), bound, limit, most
        )
        yield values
        bound = values


@dataclass(frozen=True, eq=False)
class Decision:
    """Whether a schedule below the claim exists.

    Parameters
    ----------
    path
        The best schedule of all, if its completion rounds sum up to less than the claim; None if no
        schedule's do.
    stages
        What was counted.
    visited
        Number of keys in all stages.
    """

    path: Path | None
    stages: Stages
    visited: int


def decide(
    program: Backward,
    plain: Bound,
    claim: int,
    most: int,
    stop: Callable[[], None],
    first: Stages = ((),),
    at_once: int = 2,
) -> Decision:
    """Decide whether a schedule's completion rounds can sum up to less than `claim`.

    Parameters
    ----------
    most
        Largest number of keys per stage.
    stop
        Called after every stage; raises to give up.
    first
        Stages to begin with: those that decided a lower claim keep the number of keys down here, too.
    at_once
        How many more lengths to count from stage to stage, the shortest first.

    Raises
    ------
    TooManyNodes, TooLarge
        If it cannot be decided within `most` keys or 62 bits.
    """
    stages: list[tuple[int, ...]] = list(first)
    visited = run = 0
    # The list grows while it is iterated over: the next stage depends on the shortest path of the last.
    for values in run_stages(program, plain, claim, iter(stages), most):
        visited, run = visited + values.visited, run + 1
        if values.whole >= FAR:
            return Decision(None, tuple(stages[:run]), visited)
        path = shortest_path(program, values.counts, values)
        wrong = np.bincount(program.groups.length, np.abs(path.used - program.groups.count))
        if not wrong.any():
            return Decision(path, tuple(stages[:run]), visited)
        if run == len(stages):
            few = values.visited < FEW
            stages.append(_next_lengths(program, values.counts.lengths, wrong, at_once, few))
        stop()
    raise AssertionError("unreachable: a path without a wrong length is a schedule")


def _next_lengths(
    program: Backward, counted: tuple[int, ...], wrong: Ints, number: int, few: bool
) -> tuple[int, ...]:
    """Return what to count next: the shortest lengths, or the shortest wrong one to keep keys short.

    Short requests fit everywhere: it is them that a path completes over and over to fill the gaps between
    long ones. Without that, its bound rises much faster per key than by counting what is most wrong. Where
    few keys are left, any order does, and counting what is right already would only make them longer.
    """
    groups = program.groups
    order = np.lexsort((groups.prompt, groups.gen)).tolist()
    open_ = [length for length in order if length not in counted]
    if few:
        return tuple(length for length in open_ if wrong[length])[:1]
    return tuple(open_[:number])
