"""How alike the requests of a batch are: what binning by length is to improve."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from instances.exact import IntArray, exact_dot, widened
from instances.serving.arrivals import Arrivals
from instances.serving.batch_columns import batch_columns
from instances.serving.batch_schedule import BatchSchedule
from instances.serving.metrics import Spread, exact_sum

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Composition:
    """Lengths L = prompt + gen in tokens within batches; a batch lasts as long as its longest request.

    Attributes
    ----------
    batches
        How many there are.
    size
        Requests per batch.
    variance
        Mean over the batches of the variance of L within the batch, (1/b) Σ (L − mean)², in tokens².
    range
        Mean over the batches of longest − shortest.
    max_over_mean
        Σ b·longest / Σ tokens: the mean of longest/mean of a batch, weighted by the batch's tokens. 1 means
        that no request waits for a longer one.
    """

    batches: int
    size: Spread
    variance: Fraction
    range: Fraction
    max_over_mean: Fraction


def composition(arrivals: Arrivals, schedule: BatchSchedule) -> tuple[Composition, dict[int, Composition]]:
    """Return the composition of all batches, and of those of each bin.

    Parameters
    ----------
    arrivals
        The requests.
    schedule
        Serves every request; the requests of a batch come from one bin.
    """
    columns = batch_columns(arrivals, schedule)
    bin_of = np.empty(len(columns.size), dtype=np.int64)
    bin_of[schedule.batch] = schedule.bin
    squares = _squares(arrivals, schedule)

    def of(own: npt.NDArray[np.intp]) -> Composition:
        size, tokens, longest = columns.size[own], columns.tokens[own], columns.longest[own]
        return Composition(
            len(own),
            Spread.of(size),
            _mean_variance(size, tokens, squares[own]),
            Fraction(exact_sum(longest - columns.shortest[own]), len(own)),
            Fraction(exact_dot(size, longest), exact_sum(tokens)),
        )

    everything = np.arange(len(columns.size))
    return of(everything), {int(k): of(np.flatnonzero(bin_of == k)) for k in np.unique(bin_of)}


def _squares(arrivals: Arrivals, schedule: BatchSchedule) -> IntArray:
    """Return Σ L² of each batch."""
    order = np.argsort(schedule.batch, kind="stable")
    size = np.bincount(schedule.batch, minlength=len(schedule.start))
    most = int(arrivals.tokens.max())
    tokens = widened(arrivals.tokens[order], int(size.max()) ** 2 * most**2)
    sums: IntArray = np.add.reduceat(tokens * tokens, np.cumsum(size) - size)
    return sums


def _mean_variance(size: Ints, tokens: Ints, squares: IntArray) -> Fraction:
    """Return the mean of (b Σ L² − (Σ L)²)/b², added up as integers among batches of one size."""
    bound = int(size.max()) * int(squares.max()) + int(tokens.max()) ** 2
    wide = widened(tokens, bound)
    scaled = widened(squares, bound) * size - wide * wide
    total = Fraction(0)
    for distinct in np.unique(size).tolist():
        total += Fraction(exact_sum(scaled[size == distinct]), distinct**2)
    return total / len(size)
