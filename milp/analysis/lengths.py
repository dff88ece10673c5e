"""How lengths are distributed, exactly."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from instances.exact import exact_dot
from instances.latencies import percentile
from instances.limits import percentile_name

Ints = npt.NDArray[np.int64]

QUANTILES = (Fraction(1, 2), Fraction(9, 10), Fraction(95, 100), Fraction(99, 100))
"""Percentiles that are told, by nearest rank."""


@dataclass(frozen=True)
class Lengths:
    """Distribution of prompts or gens, in tokens.

    Parameters
    ----------
    least, mean, most
        Shortest, average and longest.
    percentiles
        Percentile name, such as ``p95``, to length.
    total
        Sum over all requests.
    """

    least: int
    mean: Fraction
    most: int
    percentiles: dict[str, int]
    total: int


def lengths(values: Ints, count: Ints) -> Lengths:
    """Return the distribution of a histogram.

    Parameters
    ----------
    values, count
        int64, shape (rows,): lengths, and requests of each.
    """
    total = exact_dot(values, count)
    return Lengths(
        least=int(values.min()),
        mean=Fraction(total, sum(count.tolist())),
        most=int(values.max()),
        percentiles={percentile_name(q): percentile(values, count, q) for q in QUANTILES},
        total=total,
    )
