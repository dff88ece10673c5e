"""Exact numbers: rationals for coefficients, integer arrays for everything that is summed.

Costs and times are held as whole *ticks*: a coefficient times a common scale. Arrays are int64 where a
bound on every intermediate value proves that int64 is enough, and Python integers (dtype object) otherwise,
so the same expression is exact in both cases.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from math import lcm
from typing import Any

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[Any]
"""A numpy array of exact integers: dtype int64, or object holding Python ints."""

INT64_SAFE = 2**60
"""Bound on magnitudes below which int64 arrays are trusted; leaves room for sums of eight such terms."""


SHORT = 40
"""Length up to which numpy takes longer than Python to find the largest element."""


def widened(array: npt.ArrayLike, bound: int) -> IntArray:
    """Return `array` in the narrowest exact dtype for values up to `bound`.

    Parameters
    ----------
    array
        Integers.
    bound
        Proven bound on the magnitude of every value computed from the array.
    """
    values = np.asarray(array)
    if bound < INT64_SAFE and values.dtype != object:
        return values.astype(np.int64, copy=False)
    return values if values.dtype == object else values.astype(object)


def shifted(array: IntArray, constant: int) -> IntArray:
    """Return ``array + constant``, exactly."""
    total: IntArray = widened(array, magnitude(array) + abs(constant)) + constant
    return total


def narrowed(array: IntArray) -> IntArray:
    """Return an object array as int64 if its values allow it, unchanged otherwise."""
    if array.dtype != object or magnitude(array) >= INT64_SAFE:
        return array
    return array.astype(np.int64)


def magnitude(array: IntArray) -> int:
    """Return the largest absolute value in `array` (0 if empty), as a Python int."""
    if array.size == 0:
        return 0
    if array.size <= SHORT:
        values: list[int] = array.ravel().tolist()
        return max(abs(max(values)), abs(min(values)))
    return max(abs(int(array.max())), abs(int(array.min())))


def exact_dot(left: IntArray, right: IntArray) -> int:
    """Return the sum of products of two integer vectors, exactly."""
    if left.size == 0:
        return 0
    # Beside zeros too, numbers beyond int64 stay what they are.
    bound = max(1, magnitude(left)) * max(1, magnitude(right)) * left.size
    if bound < INT64_SAFE:
        return int(np.dot(left.astype(np.int64, copy=False), right.astype(np.int64, copy=False)))
    return sum(a * b for a, b in zip(left.tolist(), right.tolist(), strict=True))


def common_scale(coefficients: Iterable[Fraction]) -> int:
    """Return the least positive integer that makes every coefficient whole."""
    return lcm(1, *(c.denominator for c in coefficients))


def ticks(value: Fraction, scale: int) -> int:
    """Return ``value * scale`` as an int.

    Raises
    ------
    ValueError
        If the product is not whole.
    """
    whole, rest = divmod(value.numerator * scale, value.denominator)
    if rest:
        raise ValueError(f"{value} is not a multiple of 1/{scale}")
    return whole


def exact_text(value: Fraction | int) -> int | str:
    """Return a value for a JSON file: an int if whole, else the string ``"p/q"``."""
    # Integers have both of them too.
    if value.denominator == 1:
        return int(value.numerator)
    return f"{value.numerator}/{value.denominator}"
