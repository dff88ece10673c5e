"""What model A did: batches, each on one device from its start to its finish."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class BatchSchedule:
    """Batches in order of their start.

    Attributes
    ----------
    batch
        int64, shape (requests,): batch of each request, in order of arrival; -1 for none.
    bin
        int64, shape (requests,): queue that each request waited in; all 0 where a policy has one.
    device, start, finish
        int64, shape (batches,): device from 0, start and finish in ns.
    """

    batch: Ints
    bin: Ints
    device: Ints
    start: Ints
    finish: Ints

    @property
    def completion(self) -> Ints:
        """Completion of each request in ns: int64, shape (requests,)."""
        return self.finish[self.batch]
