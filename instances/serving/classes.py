"""Priority classes for traces that have none, drawn with whole numbers: the same for a seed everywhere."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from instances.errors import InputError

Ints = npt.NDArray[np.int64]

SHARES = (20, 30, 50)
"""Of 100 requests, those of class 0, 1 and 2."""

# Keeps classes apart from what else is drawn with the same seed.
_SPAWN_KEY = 2**21


def draw_classes(requests: int, seed: int, shares: Sequence[int] = SHARES) -> Ints:
    """Return a priority class for each request: int64, shape (requests,), 0 the most urgent.

    The first n classes are the same for any number of requests.

    Parameters
    ----------
    shares
        Weight of each class, at least 0.

    Raises
    ------
    InputError
        If a share is negative, or all are 0.
    """
    if not shares or min(shares) < 0 or not sum(shares):
        raise InputError("shares of at least 0, not all 0", list(shares), field="shares")
    total = sum(shares)
    ends = [int(end) * 2**63 // total for end in np.cumsum(np.array(shares, dtype=object))]
    source = np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(_SPAWN_KEY,)))
    words = (source.random_raw(requests) >> np.uint64(1)).astype(np.int64)
    return np.searchsorted(np.array(ends[:-1], dtype=np.int64), words, side="right").astype(np.int64)
