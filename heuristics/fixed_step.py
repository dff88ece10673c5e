"""Shapes and batches at multiples of a step, as most serving engines are configured by hand."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from heuristics.numbers import best_of_numbers
from instances.groups import Groups
from instances.instance import Instance
from instances.plan import Plan

Ints = npt.NDArray[np.int64]


def fixed_step(instance: Instance, groups: Groups) -> Plan:
    """Return the best plan of few steps: prompts are rounded up to a multiple of one, gens of another.

    Raises
    ------
    Uncoverable
        If some request fits no allowed shape, or a batch has no room for it.
    """
    return best_of_numbers(instance, groups, equal_steps)


def equal_steps(lengths: Ints, count: Ints, number: int) -> Ints:
    """Return the multiples of the least step that reaches the longest length in `number` steps.

    Parameters
    ----------
    lengths, count
        int64, shape (n,): distinct lengths in ascending order, in tokens, and requests of each.
    number
        Number of cells.
    """
    step = -(-int(lengths[-1]) // number)
    return np.arange(1, number + 1, dtype=np.int64) * step
