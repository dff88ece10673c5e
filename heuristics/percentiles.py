"""Shapes and batches at percentiles of the lengths, so that each holds about as many requests."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from heuristics.numbers import best_of_numbers
from instances.groups import Groups
from instances.instance import Instance
from instances.plan import Plan

Ints = npt.NDArray[np.int64]


def percentiles(instance: Instance, groups: Groups) -> Plan:
    """Return the best plan whose prompts and gens are cut at percentiles of equal mass.

    The shape limit, the cost of the number of shapes and the other limits decide how many of each.

    Raises
    ------
    Uncoverable
        If some request fits no allowed shape, or a batch has no room for it.
    """
    return best_of_numbers(instance, groups, equal_mass)


def equal_mass(lengths: Ints, count: Ints, number: int) -> Ints:
    """Return the percentiles 1/number, 2/number, …, 1 of the lengths, by nearest rank.

    Parameters
    ----------
    lengths, count
        int64, shape (n,): distinct lengths in ascending order, in tokens, and requests of each.
    number
        Number of cells; a length that is several percentiles is returned once.
    """
    reached = np.cumsum(count)
    total = int(reached[-1])
    ranks = np.asarray([-(-total * part // number) for part in range(1, number + 1)], dtype=np.int64)
    return lengths[np.unique(np.searchsorted(reached, ranks))]
