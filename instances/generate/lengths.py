"""Distributions of lengths as integer weights, and drawing from them with whole numbers only.

A seed must give the same instance on every machine and with every version of numpy: results and certificates
name the digest of the instance. The distribution methods of numpy's generators may change between versions,
and the last digit of ``log`` or ``exp`` differs between C libraries. So random bits are the raw output of
PCG64, which numpy promises to keep, and lengths are looked up in tables of integers. The tables come from
integer arithmetic, or from `decimal`, whose ``ln`` and ``exp`` are correctly rounded everywhere.
"""

from __future__ import annotations

from decimal import Context, Decimal
from functools import cache
from itertools import accumulate, pairwise
from math import isqrt
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint64]

_CONTEXT = Context(prec=20)
_SCALE = 2**60


class Bell(NamedTuple):
    """One part of a lognormal mixture: its share, median in tokens, and sigma of the logarithm in percent."""

    share: int
    median: int
    sigma: int


class Lengths(NamedTuple):
    """A distribution over the lengths low, low + 1, …: one integer weight each, not normalised."""

    low: int
    weights: tuple[int, ...]

    def thresholds(self) -> Words:
        """Return the ends of the intervals of 64-bit words that stand for each length but the last."""
        return _thresholds(self)

    def pick(self, words: Words) -> npt.NDArray[np.int64]:
        """Return the length that each random word stands for: int64, shape (words,)."""
        return self.low + np.searchsorted(self.thresholds(), words, side="right").astype(np.int64)


@cache
def _thresholds(lengths: Lengths) -> Words:
    total = sum(lengths.weights)
    ends = [reached * 2**64 // total for reached in accumulate(lengths.weights)]
    return np.asarray(ends[:-1], dtype=np.uint64)


@cache
def lognormal(low: int, high: int, bells: tuple[Bell, ...]) -> Lengths:
    """Return a lognormal mixture; what falls below `low` is put there, what falls above `high` is cut off."""
    density = [0] * (high + 1)
    for bell in bells:
        part = [_lognormal_density(length, bell) for length in range(1, high + 1)]
        total = sum(part)
        for length, weight in enumerate(part, start=1):
            density[length] += bell.share * _SCALE * weight // total
    return Lengths(low, (sum(density[: low + 1]), *density[low + 1 :]))


def _lognormal_density(length: int, bell: Bell) -> int:
    c = _CONTEXT
    percent = c.multiply(Decimal(100), c.ln(c.divide(Decimal(length), Decimal(bell.median))))
    distance = c.divide(percent, Decimal(bell.sigma))
    height = c.exp(c.divide(c.multiply(distance, distance), Decimal(-2)))
    return int(c.divide(c.multiply(height, Decimal(_SCALE)), Decimal(length)))


@cache
def zipf(low: int, high: int, exponent: Decimal) -> Lengths:
    """Return lengths whose k-th has a weight in proportion to k to the power of -`exponent`."""
    c = _CONTEXT
    powers = (c.exp(c.multiply(-exponent, c.ln(Decimal(rank)))) for rank in range(1, high - low + 2))
    return Lengths(low, tuple(int(c.multiply(power, Decimal(_SCALE))) for power in powers))


@cache
def uniform(low: int, high: int) -> Lengths:
    """Return lengths of equal weight."""
    return Lengths(low, (1,) * (high - low + 1))


@cache
def triangular(low: int, mode: int, high: int) -> Lengths:
    """Return lengths whose weight rises in a line up to `mode` and falls in a line after it."""
    up, down = mode - low + 1, high - mode + 1
    rising = ((length - low + 1) * down for length in range(low, mode + 1))
    falling = ((high - length + 1) * up for length in range(mode + 1, high + 1))
    return Lengths(low, (*rising, *falling))


@cache
def pareto(low: int, high: int) -> Lengths:
    """Return a Pareto distribution of index 3/2, which has a mean but no variance, cut off at `high`."""
    # P(length ≥ k) = (low/k)^(3/2), as the integer root of its square.
    survival = [isqrt(low**3 * 2**120 // k**3) for k in range(low, high + 2)]
    return Lengths(low, tuple(a - b for a, b in pairwise(survival)))
