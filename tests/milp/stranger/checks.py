"""What is refused at once."""

import re
from fractions import Fraction
from math import inf


def _must(holds):
    if not holds:
        raise ValueError("refused")


def _whole(*values, least=-inf):
    _must(all(type(value) is int and value >= least for value in values))
    return list(values)


def _index(value, values):
    return _whole(value, least=0)[0] if value < len(values) else _must(False)


def _bound(value):
    _must(value is None or type(value) is int or re.fullmatch(r"-?[0-9]+/[0-9]+", value))
    return None if value is None else Fraction(value)
