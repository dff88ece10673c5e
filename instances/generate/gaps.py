"""Times between arrivals as tables of integers, and drawing from them with whole numbers only.

`instances.generate.lengths` says why. The distribution function is computed with `decimal` at the points
2^e·(64 + i)/64, each about one percent above the one before, and taken as a straight line between them.
"""

from __future__ import annotations

from decimal import Context, Decimal
from functools import cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint64]
Ints = npt.NDArray[np.int64]

UNIT = 2**30
"""Gaps are counted in 1/UNIT of the distribution's scale."""

_CONTEXT = Context(prec=30)
_STEPS = 64
_LOWEST, _HIGHEST = -24, 7
_WORD_BITS, _SHARE_BITS = 64, 31
"""Where in its cell a word lies is cut to so many bits: times the width of a cell, it stays below 2^63."""


class Gaps(NamedTuple):
    """A distribution of gaps as cells, each of which stands for an interval of 64-bit words.

    Attributes
    ----------
    ends
        uint64, shape (cells - 1,): words from which on the next cell begins.
    low, shift, share
        uint64, uint64 and int64, shape (cells,): a cell's first word, and its number of words, share·2^shift.
    start, width
        int64, shape (cells,): least gap of a cell, and how far it extends, in 1/UNIT of the scale.
    """

    ends: Words
    low: Words
    shift: Words
    share: Ints
    start: Ints
    width: Ints

    def pick(self, words: Words) -> Ints:
        """Return the gap that each random word stands for, in 1/UNIT of the scale: int64, shape (words,)."""
        cell = np.searchsorted(self.ends, words, side="right")
        into = ((words - self.low[cell]) >> self.shift[cell]).astype(np.int64)
        gap: Ints = self.start[cell] + into * self.width[cell] // self.share[cell]
        return gap


@cache
def gamma(shape: Decimal) -> Gaps:
    """Return the Gamma distribution of this shape and of scale 1, cut off at 256; its mean is the shape.

    Shape 1 is the exponential distribution: Poisson arrivals. Smaller shapes are burstier.
    """
    points = [
        Decimal(2) ** exponent * (_STEPS + i) / _STEPS
        for exponent in range(_LOWEST, _HIGHEST + 1)
        for i in range(_STEPS)
    ]
    points.append(Decimal(2) ** (_HIGHEST + 1))
    below = [_incomplete(shape, x) for x in points]
    words = [0, *(int(value * 2**_WORD_BITS / below[-1]) for value in below[:-1]), 2**_WORD_BITS]
    gaps = [0, *(int(x * UNIT) for x in points)]
    # Cells without a word are never drawn, and one that begins at 2^64 does not fit a word.
    cells = [
        (low, high, start, end)
        for (low, high), (start, end) in zip(pairwise(words), pairwise(gaps), strict=True)
        if low < high
    ]
    shift = [max((high - low).bit_length() - _SHARE_BITS, 0) for low, high, _, _ in cells]
    return Gaps(
        ends=np.asarray([low for low, *_ in cells[1:]], dtype=np.uint64),
        low=np.asarray([low for low, *_ in cells], dtype=np.uint64),
        shift=np.asarray(shift, dtype=np.uint64),
        share=np.asarray(
            [max((high - low) >> s, 1) for (low, high, _, _), s in zip(cells, shift, strict=True)],
            dtype=np.int64,
        ),
        start=np.asarray([start for _, _, start, _ in cells], dtype=np.int64),
        width=np.asarray([end - start for _, _, start, end in cells], dtype=np.int64),
    )


def _incomplete(shape: Decimal, x: Decimal) -> Decimal:
    """Return x^k e^(−x) Σ_n x^n / (k(k + 1)…(k + n)), the lower incomplete Gamma function of shape k."""
    c = _CONTEXT
    term = c.divide(Decimal(1), shape)
    total, n = term, 0
    while n < x or term > total * Decimal("1e-28"):
        n += 1
        term = c.divide(c.multiply(term, x), c.add(shape, Decimal(n)))
        total = c.add(total, term)
    return c.multiply(total, c.exp(c.subtract(c.multiply(shape, c.ln(x)), x)))
