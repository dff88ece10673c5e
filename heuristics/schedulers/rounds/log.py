"""What devices did, written down row by row while they are simulated."""

from __future__ import annotations

import numpy as np

from instances.serving.round_schedule import RoundSchedule

Row = tuple[int, ...]


class Log:
    """Rows of a `RoundSchedule`.

    Attributes
    ----------
    strides
        Rows (device, start, finish, ordinal, rounds, prefilled, running, held).
    stretches
        Rows (request, on, first, tokens), those of one request in order of time.
    """

    def __init__(self) -> None:
        self.strides: list[Row] = []
        self.stretches: list[Row] = []

    def schedule(self) -> RoundSchedule:
        """Return the rows as columns, in their order."""
        strides = np.array(self.strides, dtype=np.int64).reshape(-1, 8).T
        strides = strides[:, np.lexsort((strides[0], strides[1]))]
        stretches = np.array(self.stretches, dtype=np.int64).reshape(-1, 4).T
        stretches = stretches[:, np.argsort(stretches[0], kind="stable")]
        return RoundSchedule(*strides, *stretches)
