"""Measures: what plans have more or less of, split over the requests, batches and shapes that it comes from.

Limits bound measures and what is minimised is one, so whatever weighs limits against each other can treat all
of them alike. A plan has

    count[N] + Σ (own[i] + unit[b]) x_ib + Σ fixed[b] z_b + Σ open_once[s] y_s + Σ open_stream[s] y_sk

of a measure, beside what every plan has: x requests of group i in batches of type b, z such batches, N opened
shapes s, and streams k that use them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from instances.batch_types import BatchTypes
from instances.cost_columns import CostColumns


@dataclass(frozen=True, eq=False)
class Measure(CostColumns):
    """One measure, in whole units.

    Attributes
    ----------
    count
        What N opened shapes have, for N from 0 to as many as a plan can open.
    delay
        What each time tick adds by which a cold start prolongs a batch.
    """

    count: tuple[int, ...]
    delay: int = 0


def limited_measures(types: BatchTypes, most_shapes: int) -> dict[str, Measure]:
    """Return the measures other than costs of which limits speak.

    Returns
    -------
    dict
        ``tokens``, padded; ``time``, of all batches in time ticks; ``batches``; ``served``, requests counted
        negatively.
    """
    ones, zeros = np.ones(len(types), dtype=np.int64), np.zeros(len(types), dtype=np.int64)
    groups, shapes = np.zeros(len(types.own_tokens), dtype=np.int64), (0,) * len(types.shapes)
    nothing = Measure(zeros, zeros, groups, shapes, shapes, (0,) * (most_shapes + 1))
    tokens = replace(nothing, own=types.own_tokens, unit=types.unit_tokens, fixed=types.fixed_tokens)
    return {
        "tokens": tokens,
        "time": replace(nothing, fixed=types.duration, delay=1),
        "batches": replace(nothing, fixed=ones),
        "served": replace(nothing, unit=-ones),
    }


def cost_measure(columns: CostColumns, count: Sequence[int], delay: int = 0) -> Measure:
    """Return the measure of a cost that is split over types, and of what N opened shapes cost."""
    split = {field.name: getattr(columns, field.name) for field in fields(CostColumns)}
    return Measure(**split, count=tuple(count), delay=delay)
