"""A finished simulation of either model: what happened, measured and checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from instances.serving.batch_rules import BrokenRule
from instances.serving.composition import Composition
from instances.serving.metrics import Busy, Served, ServingMetrics

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Simulation:
    """What a scheduler did to a trace.

    Attributes
    ----------
    model
        ``batches`` or ``rounds``.
    served, busy
        When requests were served and devices worked.
    metrics
        Measured from these.
    rows
        Columns of one row per request, for files.
    broken
        Rules that the schedule breaks, found by a checker that knows the problem only; none if all is well.
    edges
        Inner edges between the bins, in predicted gen tokens.
    composition
        Of batches that run to completion: over all, and by bin.
    """

    model: str
    served: Served
    busy: Busy
    metrics: ServingMetrics
    rows: Mapping[str, Ints]
    broken: Sequence[BrokenRule | str]
    edges: tuple[int, ...] = ()
    composition: tuple[Composition, dict[int, Composition]] | None = None
