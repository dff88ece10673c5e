"""Every batch that a device can hold of a few requests, and when another batch is sure to be as good.

Sets of requests are bits: bit i is request i in order of arrival.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from milp.hindsight.batches.case import BatchCase

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Batches:
    """Batches, each array of shape (batches,) and type int64.

    Attributes
    ----------
    members
        Set of requests.
    size
        How many they are.
    last
        Arrival of the last of them in ns.
    taken
        T(b, L) in ns.
    arrived
        Set of requests that have arrived by `last`.
    longer
        Requests of which each could take the place of a shorter member, or of one of equal length that
        arrived later, in a batch that takes no longer and still fits.
    """

    members: Ints
    size: Ints
    last: Ints
    taken: Ints
    arrived: Ints
    longer: Ints

    def within(self, requests: int) -> Batches:
        """Return the batches of these requests only."""
        chosen = np.flatnonzero((self.members & ~requests) == 0)
        return Batches(*(getattr(self, name)[chosen] for name in self.__dataclass_fields__))


def every_batch(case: BatchCase) -> Batches:
    """Return all batches that a device can hold, in ascending order of their bits."""
    arrival, tokens = case.arrivals.arrival, case.arrivals.tokens
    ones = np.ones(len(arrival), dtype=np.int64)
    size, room = _over_subsets(ones, np.add), _over_subsets(tokens, np.add)
    members = np.flatnonzero((size > 0) & (size <= case.most) & (room <= case.device.kv_tokens))
    size, room = size[members], room[members]
    row = _over_subsets(case.row, np.maximum)[members]
    last = _over_subsets(arrival, np.maximum)[members]
    arrived = (np.int64(1) << np.searchsorted(arrival, last, "right")) - 1
    taken = case.durations[row, size - 1]
    longer = np.zeros_like(members)
    for new in range(len(arrival)):
        fits = ((members >> new) & 1 == 0) & (case.row[new] <= row)
        for old in range(len(arrival)):
            # Of equal lengths, whoever arrived first is to run first.
            if (case.row[old], -old) < (case.row[new], -new):
                may = fits & ((members >> old) & 1 == 1)
                may &= room + (tokens[new] - tokens[old]) <= case.device.kv_tokens
                longer |= may.astype(np.int64) << new
    return Batches(members, size, last, taken, arrived, longer)


def _over_subsets(values: Ints, combine: Callable[[Ints, np.int64], Ints]) -> Ints:
    """Return what the values of each subset combine to, 0 for the empty one: shape (2^requests,)."""
    combined = np.zeros(1, dtype=np.int64)
    for value in values:
        combined = np.concatenate((combined, combine(combined, value)))
    return combined
