"""Shapes and batches at the levels of a quantiser that rounds up.

Lloyd (1982), "Least squares quantization in PCM", and Max (1960), "Quantizing for minimum distortion",
alternate between the best levels for given cells and the best cells for given levels. A request that is
padded is rounded *up*: its cell's level is the upper end, which fixes levels and cells together, so that each
is trivially best for the other. What is left of the two steps is the condition that every level be the best
between its two neighbours: with the even levels held, each odd one is chosen anew, and the other way round.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from heuristics.numbers import best_of_numbers
from heuristics.partition.line import Line, form_line
from heuristics.percentiles import equal_mass
from instances.groups import Groups
from instances.instance import Instance
from instances.plan import Plan

Ints = npt.NDArray[np.int64]


def lloyd_max(instance: Instance, groups: Groups) -> Plan:
    """Return the best plan whose prompts and gens are cut at the levels of a quantiser of little padding.

    Raises
    ------
    Uncoverable
        If some request fits no allowed shape, or a batch has no room for it.
    """
    return best_of_numbers(instance, groups, quantiser)


def quantiser(lengths: Ints, count: Ints, number: int) -> Ints:
    """Return levels of which none can be moved between its neighbours to less padding.

    Parameters
    ----------
    lengths, count
        int64, shape (n,): distinct lengths in ascending order, in tokens, and requests of each.
    number
        Number of levels; as many lengths at most.
    """
    line = form_line(count, lengths)
    cuts = [0, *(np.searchsorted(lengths, equal_mass(lengths, count, number)) + 1).tolist()]
    cuts = _filled(cuts, min(number, len(lengths)))
    moved = True
    # Every move lowers the padding, a whole number, so this ends.
    while moved:
        moved = False
        for first in (1, 2):
            for place in range(first, len(cuts) - 1, 2):
                best = _best_between(line, cuts[place - 1], cuts[place], cuts[place + 1])
                moved |= best != cuts[place]
                cuts[place] = best
    levels: Ints = lengths[np.asarray(cuts[1:]) - 1]
    return levels


def _filled(cuts: list[int], number: int) -> list[int]:
    """Halve the cells of most lengths until there are `number`: percentiles may coincide."""
    while len(cuts) - 1 < number:
        widest = int(np.diff(cuts).argmax())
        cuts.insert(widest + 1, (cuts[widest] + cuts[widest + 1]) // 2)
    return cuts


def _best_between(line: Line, low: int, now: int, high: int) -> int:
    """Return the cut between two others of least cost, the present one if none is better."""
    options = np.arange(low + 1, high)
    ends = np.full_like(options, low), np.full_like(options, high)
    cost = line.cost(ends[0], options) + line.cost(options, ends[1])
    best = int(cost.argmin())
    return int(options[best]) if cost[best] < cost[now - low - 1] else now
