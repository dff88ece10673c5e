"""Prices with fewer digits that prove as much: leaves reach more than is claimed, and digits take room.

L never falls by more than prices of groups fall and prices of links rise, each times the requests of its
group: with any α and κ the unit costs v + Σ μ a + κ − α only rise then, and so does every τ. What a leaf
reaches beyond the claim may therefore be spent on rounding, towards the prices of an earlier leaf and to
multiples of a common unit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from instances.exact import IntArray, magnitude
from milp.lagrangian.prices import Prices
from milp.price_table import COMPARED


def with_fewer_digits(
    prices: Sequence[Prices], spare: Sequence[int], count: npt.NDArray[np.int64]
) -> tuple[Prices, ...]:
    """Return rounded prices.

    Parameters
    ----------
    prices
        Prices of leaves, in the order in which they are written.
    spare
        By how many cost ticks each may lower L.
    count
        int64, shape (groups,): requests of each group.
    """
    table: list[Prices] = []
    for own, ticks in zip(prices, spare, strict=True):
        table.append(_rounded(own, ticks, count, table[-COMPARED:]))
    return tuple(table)


def _rounded(own: Prices, ticks: int, count: npt.NDArray[np.int64], earlier: list[Prices]) -> Prices:
    requests = sum(count.tolist()) + sum(count[own.link_group].tolist())
    # No price changes by more than this. Larger steps save little, and prices as large as before are valued
    # in 64 bits as before.
    most = min(ticks * own.denominator // requests, magnitude(own.group) // 16)
    if most < 1 or own.group.dtype == object or own.link.dtype == object:
        return own
    base = _most_alike(own, most, earlier)
    unit = 1 << (most.bit_length() - 1)
    near = np.zeros_like(own.group) if base is None else base.group
    stay = (near <= own.group) & (near >= own.group - most)
    group = np.where(stay, near, near + (own.group - near) // unit * unit)
    return replace(own, group=group, link=_links(own, base, most, unit))


def _links(own: Prices, base: Prices | None, most: int, unit: int) -> IntArray:
    old: dict[tuple[int, int], int] = {}
    if base is not None and base.link.dtype != object:
        pairs = zip(base.link_group.tolist(), base.link_shape.tolist(), strict=True)
        old = dict(zip(pairs, base.link.tolist(), strict=True))
    keys = zip(own.link_group.tolist(), own.link_shape.tolist(), strict=True)
    near = np.asarray([old.get(key, 0) for key in keys], dtype=np.int64)
    stay = (near >= own.link) & (near <= own.link + most)
    return np.where(stay, near, near - (near - own.link) // unit * unit)


def _most_alike(own: Prices, most: int, earlier: list[Prices]) -> Prices | None:
    """Return the prices that most groups can take over."""
    alike = [
        one
        for one in earlier
        if one.denominator == own.denominator
        and one.group.dtype != object
        and len(one.group) == len(own.group)
    ]
    if not alike:
        return None
    low = own.group - most
    shared = [int(np.count_nonzero((one.group <= own.group) & (one.group >= low))) for one in alike]
    return alike[len(alike) - 1 - int(np.argmax(shared[::-1]))]
