"""The families of generated demand: what traffic of each looks like."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import cache
from typing import NamedTuple

from instances.generate.lengths import Bell, Lengths, lognormal, pareto, triangular, uniform, zipf


class Kind(NamedTuple):
    """One kind of request: its share of the stream, and its prompt and gen lengths, drawn independently."""

    share: int
    prompt: Lengths
    gen: Lengths


Profile = tuple[Kind, ...]
"""What one stream is made of."""


def _lognormal() -> tuple[Profile, ...]:
    # Medians and spreads of the two streams of the public static-graph benchmark, roughly: one of three sizes
    # of prompts and of answers, and one of four sizes of prompts with answers mostly at the floor.
    mixed = Kind(
        1,
        lognormal(32, 2048, (Bell(51, 81, 39), Bell(34, 456, 25), Bell(15, 1550, 21))),
        lognormal(16, 1024, (Bell(60, 40, 39), Bell(31, 187, 20), Bell(9, 767, 19))),
    )
    brief = Kind(
        1,
        lognormal(32, 704, (Bell(38, 65, 21), Bell(29, 130, 13), Bell(24, 263, 14), Bell(9, 524, 12))),
        lognormal(16, 1200, (Bell(1, 20, 135),)),
    )
    return (mixed,), (brief,)


def _zipf() -> tuple[Profile, ...]:
    return ((Kind(1, zipf(1, 8192, Decimal("0.9")), zipf(1, 2048, Decimal("1.1"))),),)


def _uniform() -> tuple[Profile, ...]:
    return ((Kind(1, uniform(1, 4096), uniform(1, 1024)),),)


def _bimodal() -> tuple[Profile, ...]:
    # Chat and summaries: what is short in one length is long in the other.
    chat = Kind(7, triangular(16, 96, 384), triangular(64, 384, 1024))
    summary = Kind(3, triangular(1024, 3072, 8192), triangular(16, 64, 256))
    return ((chat, summary),)


def _heavy_tail() -> tuple[Profile, ...]:
    return ((Kind(1, pareto(64, 32768), pareto(16, 8192)),),)


FAMILIES: dict[str, Callable[[], tuple[Profile, ...]]] = {
    "lognormal": _lognormal,
    "zipf": _zipf,
    "uniform": _uniform,
    "bimodal": _bimodal,
    "heavy-tail": _heavy_tail,
}
"""Family name to its profiles; stream k has profile k modulo their number."""


@cache
def profiles(family: str) -> tuple[Profile, ...]:
    """Return the profiles of a family; its tables are made once."""
    return FAMILIES[family]()
