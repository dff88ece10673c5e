"""Sizes, polynomials and ticks."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import lru_cache
from math import lcm

from instances.shapes import Sizes


def aligned(sizes: Sizes | None, length: int) -> int:
    """Return the least allowed size that holds the length, the length itself if there is none."""
    assert sizes is not None
    if sizes.granularity is not None:
        while length % sizes.granularity:
            length += 1
        return length
    return min((size for size in sizes.values if size >= length), default=length)


def allowed(sizes: Sizes, size: int) -> bool:
    """Tell whether a size may be compiled."""
    return size in sizes.values if sizes.granularity is None else size % sizes.granularity == 0


def prefill(powers: tuple[Fraction, Fraction, Fraction], length: int) -> Fraction:
    """Return q2 S² + q1 S + q0."""
    return powers[0] * length**2 + powers[1] * length + powers[2]


@lru_cache(maxsize=10_000)
def decode(powers: tuple[Fraction, Fraction, Fraction], side: int, steps: int) -> Fraction:
    """Return the sum over all steps, one by one."""
    return sum((prefill(powers, side + step) for step in range(steps)), Fraction(0))


def scale_of(coefficients: Iterator[Fraction]) -> int:
    """Return the ticks per unit that make every coefficient whole."""
    return lcm(1, *(value.denominator for value in coefficients))


def whole(value: Fraction, scale: int) -> int:
    """Return a value in ticks."""
    product_ = value * scale
    assert product_.denominator == 1
    return product_.numerator
