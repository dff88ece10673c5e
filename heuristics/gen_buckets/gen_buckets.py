"""Gens in buckets of a width that follows from the padding allowed; prompts cut with least padding."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from heuristics.cells import cells_plan
from heuristics.gen_buckets.budget import bucketed, derived_width
from heuristics.numbers import Cells, descend, number_counts, prompt_numbers
from heuristics.partition.least import least_padding
from heuristics.room import refuse_too_long
from instances.groups import Groups
from instances.instance import Instance
from instances.plan import Plan

Ints = npt.NDArray[np.int64]


def gen_buckets(instance: Instance, groups: Groups) -> Plan:
    """Return the plan whose gen buckets use up the padding that limits leave, with the best prompt cells.

    Where no limit says what padding is allowed, widths 1, 2, 4, … are tried instead.

    Raises
    ------
    Uncoverable
        If some request fits no allowed shape, or a batch has no room for it.
    """
    return best_buckets(instance, groups)[2]


def best_buckets(instance: Instance, groups: Groups) -> tuple[Ints, tuple[int, ...], Plan]:
    """Return the upper ends of the prompt cells, shape (groups,), the widths of gen buckets, and the plan."""
    refuse_too_long(instance, groups)
    prompts, gens = number_counts(instance)
    doubled = tuple(1 << power for power in range(int(groups.gen.max()).bit_length() + 1))
    limited = derived_widths(instance, groups, groups.prompt, gens)
    ends = Cells(groups, groups.prompt)
    # A width of 0 stands for the one that is derived.
    options = [(0,) if width is not None else doubled for width in limited]

    def cells(numbers: tuple[int, ...]) -> tuple[Ints, tuple[int, ...]]:
        prompt = ends.ends(least_padding, numbers[:prompts])
        derived = derived_widths(instance, groups, prompt, gens)
        pairs = zip(numbers[prompts:], derived, strict=True)
        return prompt, tuple(given or width or 1 for given, width in pairs)

    def plan_of(numbers: tuple[int, ...]) -> Plan:
        prompt, widths = cells(numbers)
        return cells_plan(instance, groups, prompt, bucketed(groups, widths))

    best, plan = descend(instance, groups, [prompt_numbers(instance, groups)] * prompts + options, plan_of)
    return *cells(best), plan


def derived_widths(instance: Instance, groups: Groups, prompt: Ints, gens: int) -> list[int | None]:
    """Return the derived width of each stream, or the least of all if they share `gens` = 1."""
    widths = [derived_width(instance, groups, k, prompt) for k in range(len(instance.streams))]
    if gens == len(widths):
        return widths
    return [min((width for width in widths if width is not None), default=None)]
