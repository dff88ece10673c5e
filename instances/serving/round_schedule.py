"""What model B did: rounds of each device, and the stretches of rounds in which each request ran."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class RoundSchedule:
    """Rounds in order of their start; a request that was never preempted ran in one stretch.

    Attributes
    ----------
    device, start, finish
        int64, shape (rounds,): device from 0, start and finish of each round in ns.
    ordinal
        int64, shape (rounds,): number of the round on its own device, from 0.
    request
        int64, shape (stretches,): whose stretch it is; stretches of one request are in order of time.
    on, first, tokens
        int64, shape (stretches,): device, ordinal of its first round there, and rounds, that is tokens
        generated, of each stretch. A request's next stretch holds what it held before and grows from there.
    """

    device: Ints
    start: Ints
    finish: Ints
    ordinal: Ints
    request: Ints
    on: Ints
    first: Ints
    tokens: Ints
