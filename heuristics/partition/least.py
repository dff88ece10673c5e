"""The rule that cuts lengths with the least padding of all rules."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from heuristics.partition.line import form_line
from heuristics.partition.monotone import cheapest_cuts

Ints = npt.NDArray[np.int64]


def least_padding(lengths: Ints, count: Ints, number: int) -> Ints:
    """Return the upper ends of the cells of least padding: an optimal partition of the lengths.

    Parameters
    ----------
    lengths, count
        int64, shape (n,): distinct lengths in ascending order, in tokens, and requests of each.
    number
        Most cells.
    """
    cuts = cheapest_cuts(form_line(count, lengths), [0] * (number + 1))
    ends: Ints = lengths[np.asarray(cuts[1:]) - 1]
    return ends
