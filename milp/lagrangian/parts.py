"""The types of each shape and stream: neighbours in the table of types."""

from __future__ import annotations

import numpy as np

from instances.batch_types import BatchTypes


def parts(types: BatchTypes) -> dict[tuple[int, int], slice]:
    """Return the place of the types of each (shape, stream) that has any."""
    change = (np.diff(types.stream, prepend=-1) != 0) | (np.diff(types.shape, prepend=-1) != 0)
    starts = np.flatnonzero(change).tolist()
    stops = [*starts[1:], len(types)] if starts else []
    return {
        (int(types.shape[start]), int(types.stream[start])): slice(start, stop)
        for start, stop in zip(starts, stops, strict=True)
    }
