"""How many cells: a rule that cuts lengths is tried with few numbers of cells, and the best plan is kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import cache

import numpy as np
import numpy.typing as npt

from heuristics.cells import cells_plan
from heuristics.errors import Uncoverable
from heuristics.result import badness
from heuristics.room import refuse_too_long, shape_is_free
from instances.groups import Groups
from instances.instance import Instance
from instances.metrics import evaluate
from instances.plan import Plan

Ints = npt.NDArray[np.int64]

Cut = Callable[[Ints, Ints, int], Ints]
"""A rule that cuts lengths: their distinct values, ascending, the requests of each, and the number of cells.

It returns the upper ends of at most that many cells, ascending; the last is at least the longest length.
"""

NUMBERS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128)
"""Numbers of cells that are tried."""

APART = 4
"""Most streams that are cut with numbers of their own; more share theirs."""

START = 5
"""Place of the number that each option starts at."""

ROUNDS = 3
"""Most times that each number is tried anew."""


def best_of_numbers(instance: Instance, groups: Groups, cut: Cut) -> Plan:
    """Return the best plan of few numbers of prompt and gen cells, each varied while the others stay.

    Raises
    ------
    Uncoverable
        If no numbers give a structurally valid plan.
    """
    refuse_too_long(instance, groups)
    prompts, gens = number_counts(instance)
    prompt, gen = Cells(groups, groups.prompt), Cells(groups, groups.gen)

    def plan_of(numbers: tuple[int, ...]) -> Plan:
        ends = prompt.ends(cut, numbers[:prompts]), gen.ends(cut, numbers[prompts:])
        return cells_plan(instance, groups, *ends)

    options = [prompt_numbers(instance, groups)] * prompts + [useful(NUMBERS, groups.gen)] * gens
    return descend(instance, groups, options, plan_of)[1]


def number_counts(instance: Instance) -> tuple[int, int]:
    """Return how many numbers of prompt cells there are to choose, and how many of gen cells.

    What streams do not share has a number of its own for each: gens that run at the batch's own length, and
    prompts where running work does not depend on the shape.
    """
    streams = len(instance.streams) if len(instance.streams) <= APART else 1
    own_gen = instance.runs.gen_at == "batch"
    return streams if shape_is_free(instance) else 1, streams if own_gen else 1


def prompt_numbers(instance: Instance, groups: Groups) -> tuple[int, ...]:
    """Return the numbers of prompt cells to try: no more than there may be shapes, where each has one."""
    most = instance.shape_limit
    if most is None or shape_is_free(instance):
        return useful(NUMBERS, groups.prompt)
    return useful((*(number for number in NUMBERS if number < most), most), groups.prompt)


def useful(numbers: tuple[int, ...], lengths: Ints) -> tuple[int, ...]:
    """Return the numbers up to the first one that gives each distinct length a cell of its own."""
    distinct = len(np.unique(lengths))
    return tuple(n for k, n in enumerate(numbers) if not k or numbers[k - 1] < distinct)


def descend(
    instance: Instance,
    groups: Groups,
    options: Sequence[tuple[int, ...]],
    plan_of: Callable[[tuple[int, ...]], Plan],
) -> tuple[tuple[int, ...], Plan]:
    """Return the best numbers and their plan: each number in turn takes the best of its options.

    Parameters
    ----------
    options
        What each number may be, ascending.
    plan_of
        Makes the plan of some numbers, or raises `Uncoverable`; called at most once with the same.

    Raises
    ------
    Uncoverable
        If no numbers tried give a plan.
    """
    worst = (True, (1, Fraction(0), Fraction(0)))

    @cache
    def tried(numbers: tuple[int, ...]) -> tuple[tuple[bool, tuple[int, Fraction, Fraction]], Plan | None]:
        try:
            plan = plan_of(numbers)
        except Uncoverable:
            return worst, None
        return (False, badness(evaluate(instance, plan, groups))), plan

    best = tuple(option[min(START, len(option) - 1)] for option in options)
    for _ in range(ROUNDS):
        before = best
        for place, option in enumerate(options):
            others = [(*best[:place], number, *best[place + 1 :]) for number in option]
            best = min([best, *others], key=lambda numbers: tried(numbers)[0])
        if best == before:
            break
    plan = tried(best)[1]
    return best, plan_of(best) if plan is None else plan


class Cells:
    """Lengths of all groups, cut into cells; what each rule makes of each number is computed once.

    Parameters
    ----------
    lengths
        int64, shape (groups,): prompts or gens, in tokens.
    """

    def __init__(self, groups: Groups, lengths: Ints) -> None:
        self.groups, self.lengths = groups, lengths
        self.known: dict[tuple[int | None, Cut, int], Ints] = {}

    def ends(self, cut: Cut, numbers: tuple[int, ...]) -> Ints:
        """Return the upper end of the cell of each group.

        Parameters
        ----------
        numbers
            The number of cells of each stream, or a single one for all streams together.
        """
        streams = range(len(numbers))
        places = [slice(None)] if len(numbers) == 1 else [self.groups.of_stream(k) for k in streams]
        pairs = zip(places, numbers, strict=True)
        return np.concatenate([self._part(cut, place, number) for place, number in pairs])

    def _part(self, cut: Cut, place: slice, number: int) -> Ints:
        key = place.start, cut, number
        if key not in self.known:
            mine = self.lengths[place]
            distinct, of_length = np.unique(mine, return_inverse=True)
            count = np.zeros(len(distinct), dtype=np.int64)
            np.add.at(count, of_length.ravel(), self.groups.count[place])
            bounds = cut(distinct, count, number)
            self.known[key] = bounds[np.searchsorted(bounds, mine)]
        return self.known[key]
