"""Exact numbers in files: JSON numbers, decimal strings, and ``"p/q"``."""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction

from instances.errors import InputError, shortened

MOST_DIGITS = 40
MOST_EXPONENT = 30
_TOO_LARGE = 10**MOST_DIGITS
_RATIONAL = re.compile(r"-?[0-9]+(/[0-9]+|(\.[0-9]+)?([eE][+-]?[0-9]{1,4})?)", re.ASCII)


def decimal_hook(text: str) -> Decimal:
    """Return a JSON number with a point or an exponent as it is written.

    Raises
    ------
    ValueError
        If it has too many digits or too large an exponent.
    """
    _refuse_huge(text)
    return Decimal(text)


def exact(value: object) -> Fraction:
    """Return a non-negative rational from what a JSON file says.

    Raises
    ------
    ValueError
        If it is no such number, or has more than 40 digits or an exponent beyond 30.
    """
    if type(value) is int and 0 <= value < _TOO_LARGE:
        # Most numbers of most files.
        return Fraction(value)
    if isinstance(value, bool) or not isinstance(value, (int, Decimal, str)):
        raise ValueError(f"Expected a number or a string `p/q`, got `{shortened(value)}`")
    text = str(value)
    if not _RATIONAL.fullmatch(text):
        raise ValueError(f"Expected a number or a string `p/q`, got `{shortened(text)}`")
    _refuse_huge(text)
    if "/" in text and not int(text.partition("/")[2]):
        raise ValueError(f"Expected a denominator other than 0, got `{shortened(text)}`")
    number = Fraction(text)
    if number < 0:
        raise ValueError(f"Expected a number of at least 0, got `{shortened(text)}`")
    return number


def number(value: Fraction | int) -> int | Decimal | str:
    """Return a rational as an int or a decimal where that is exact, and as ``"p/q"`` otherwise.

    Raises
    ------
    InputError
        If it has more digits than a file may hold.
    """
    fraction = Fraction(value)
    if max(len(str(fraction.numerator)), len(str(fraction.denominator))) > MOST_DIGITS:
        raise InputError(f"a number of at most {MOST_DIGITS} digits", str(fraction))
    if fraction.denominator == 1:
        return fraction.numerator if fraction < 2**53 else str(fraction.numerator)
    for places in range(1, 13):
        shifted = fraction * 10**places
        if shifted.denominator == 1:
            return Decimal(f"{shifted.numerator}E-{places}")
    return f"{fraction.numerator}/{fraction.denominator}"


def _refuse_huge(text: str) -> None:
    mantissa, _, exponent = text.lower().partition("e")
    longest = max(sum(map(str.isdigit, part)) for part in mantissa.split("/"))
    if longest > MOST_DIGITS or len(exponent) > 4 or (exponent and abs(int(exponent)) > MOST_EXPONENT):
        limits = f"at most {MOST_DIGITS} digits and an exponent up to {MOST_EXPONENT}"
        raise ValueError(f"Expected {limits}, got `{shortened(text)}`")
