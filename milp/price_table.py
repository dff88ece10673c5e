"""The prices of a certificate's leaves as its file holds them: most say only what differs from earlier ones.

Neighbouring leaves of a tree have prices that differ in few groups, by numbers far smaller than the prices
themselves. The format is described in FORMAT.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import gcd

import msgspec
import numpy as np
import numpy.typing as npt
from msgspec import UNSET, UnsetType

from instances.errors import InputError
from instances.exact import INT64_SAFE, IntArray, magnitude, narrowed
from milp.lagrangian.prices import Prices

MOST_NUMBERS = 2**27
"""Numbers that all prices may have once they are written out: 1 GiB if they are below 2**60."""

LARGE = 5
"""A number from 2**60 on counts as so many: it is an object of its own."""

LARGEST_UNIT = 2**512

COMPARED = 128
"""Last entries among which the writer looks for the most similar one."""

Links = list[tuple[int, int, int]]


class Entry(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True, rename={"start": "from"}):
    """One entry of `prices` in the file; without `start`, everything up to `limit` is given."""

    start: int | UnsetType = UNSET
    denominator: int | UnsetType = UNSET
    fineness: int | UnsetType = UNSET
    objective: int | UnsetType = UNSET
    group: list[int] | UnsetType = UNSET
    limit: list[int] | UnsetType = UNSET
    unit: int = 1
    keep: list[int] = []
    add: list[int] = []
    link: Links = []
    cold: bool | UnsetType = UNSET


def encode_prices(table: Sequence[Prices]) -> list[Entry]:
    """Return the entries of a file for prices, each as its differences from the most similar earlier ones."""
    return [_entry(table, index, _most_similar(table, index)) for index in range(len(table))]


def decode_prices(entries: Sequence[Entry]) -> tuple[Prices, ...]:
    """Return the prices that the entries of a file stand for.

    Raises
    ------
    InputError
        If they do not fit together, or would fill the memory.
    """
    table: list[Prices] = []
    numbers = 0
    for index, entry in enumerate(entries):
        try:
            prices = _whole(entry) if entry.start is UNSET else _changed(entry, table)
            numbers += _own_numbers(entry, prices)
            if numbers > MOST_NUMBERS:
                raise InputError(f"prices of at most {MOST_NUMBERS} numbers in all", "more")
        except InputError as error:
            field = f"prices[{index}]" if error.field is None else f"prices[{index}].{error.field}"
            raise InputError(error.expected, error.found, field=field) from None
        table.append(prices)
    return tuple(table)


def integers(values: Sequence[int]) -> IntArray:
    """Return integers of any size as the narrowest exact array."""
    if not values:
        return np.zeros(0, dtype=np.int64)
    return narrowed(np.asarray(values, dtype=object))


def small_integers(values: Sequence[int], field: str) -> npt.NDArray[np.int64]:
    """Return integers as int64.

    Raises
    ------
    InputError
        If one is not below 2**60 in magnitude.
    """
    array = integers(values)
    if array.dtype == object:
        raise InputError("integers below 2**60", max(values, key=abs), field=field)
    return array


def _whole(entry: Entry) -> Prices:
    for name in ("denominator", "fineness", "objective", "group", "limit"):
        if getattr(entry, name) is UNSET:
            raise InputError(f"a field {name}, or from", "neither")
    if entry.keep or entry.add:
        raise InputError("keep and add only beside from")
    assert entry.denominator is not UNSET
    assert entry.fineness is not UNSET
    assert entry.objective is not UNSET
    links = list(zip(*entry.link, strict=True)) or [(), (), ()]
    return Prices(
        denominator=entry.denominator,
        fineness=entry.fineness,
        group=_multiplied(integers(entry.group or ()), entry.unit),
        limit=integers(entry.limit or ()),
        objective=entry.objective,
        link_group=small_integers(links[0], "link"),
        link_shape=small_integers(links[1], "link"),
        link=_multiplied(integers(links[2]), entry.unit),
        cold=bool(entry.cold),
    )


def _changed(entry: Entry, table: Sequence[Prices]) -> Prices:
    start = entry.start
    if start is UNSET or not 0 <= start < len(table):
        raise InputError("the index of an earlier entry", start, field="from")
    if entry.group is not UNSET:
        raise InputError("no group beside from, but keep and add", field="group")
    base = table[start]
    link_group, link_shape, link = _relinked(base, entry.link, entry.unit)
    return Prices(
        denominator=base.denominator if entry.denominator is UNSET else entry.denominator,
        fineness=base.fineness if entry.fineness is UNSET else entry.fineness,
        group=_moved(base.group, entry),
        limit=base.limit if entry.limit is UNSET else integers(entry.limit),
        objective=base.objective if entry.objective is UNSET else entry.objective,
        link_group=link_group,
        link_shape=link_shape,
        link=link,
        cold=base.cold if entry.cold is UNSET else entry.cold,
    )


def _moved(group: IntArray, entry: Entry) -> IntArray:
    if len(entry.keep) != len(entry.add):
        raise InputError(f"{len(entry.add)} numbers, one for each of add", len(entry.keep), field="keep")
    if not entry.add:
        return group
    # Each is checked by itself first, so that their sum cannot wrap around.
    if not 0 <= min(entry.keep) <= max(entry.keep) < len(group):
        raise InputError("numbers of unchanged groups", field="keep")
    places = np.cumsum(np.asarray(entry.keep, dtype=np.int64) + 1) - 1
    if places[-1] >= len(group):
        raise InputError(f"changes of {len(group)} groups", "one beyond them", field="keep")
    add = _multiplied(integers(entry.add), entry.unit)
    if add.dtype == object or group.dtype == object:
        moved: IntArray = group.astype(object)
        moved[places] += add.astype(object)
    else:
        # Both are below 2**60 in magnitude, so that their sum is exact.
        moved = group.copy()
        moved[places] += add
        if magnitude(moved) >= INT64_SAFE:
            moved = moved.astype(object)
    return narrowed(moved)


def _multiplied(values: IntArray, unit: int) -> IntArray:
    if not 1 <= unit < LARGEST_UNIT:
        raise InputError("an integer from 1 and below 2**512", unit, field="unit")
    # Beside zeros too, a unit beyond int64 stays what it is.
    if max(1, magnitude(values)) * unit < INT64_SAFE:
        return values * unit
    product: IntArray = values.astype(object) * unit
    return product


def _relinked(base: Prices, link: Links, unit: int) -> tuple[IntArray, IntArray, IntArray]:
    if not link:
        return base.link_group, base.link_shape, base.link
    if len({(group, shape) for group, shape, _ in link}) < len(link):
        raise InputError("no pair of group and shape twice", field="link")
    old = _by_pair(base)
    values = dict(old)
    for group, shape, add in link:
        values[group, shape] = values.get((group, shape), 0) + unit * add
    # A pair that is named here first stays even with 0, for the verifier to see whether it exists.
    kept = [(*pair, value) for pair, value in values.items() if value or pair not in old]
    columns = list(zip(*kept, strict=True)) or [(), (), ()]
    return (
        small_integers(columns[0], "link"),
        small_integers(columns[1], "link"),
        integers(columns[2]),
    )


def _by_pair(prices: Prices) -> dict[tuple[int, int], int]:
    pairs = zip(prices.link_group.tolist(), prices.link_shape.tolist(), strict=True)
    return dict(zip(pairs, prices.link.tolist(), strict=True))


def _own_numbers(entry: Entry, prices: Prices) -> int:
    """Count the numbers that an entry does not share with earlier ones."""
    own = 1
    if entry.start is UNSET or entry.add:
        own += len(prices.group) * (LARGE if prices.group.dtype == object else 1)
    if entry.start is UNSET or entry.limit is not UNSET:
        own += len(prices.limit)
    if entry.link:
        own += len(prices.link) * (2 + (LARGE if prices.link.dtype == object else 1))
    return own


def _most_similar(table: Sequence[Prices], index: int) -> int | None:
    own = table[index]
    earlier = [
        k
        for k in range(max(0, index - COMPARED), index)
        if (table[k].denominator, len(table[k].group)) == (own.denominator, len(own.group))
    ]
    if not earlier:
        return None
    differing = np.asarray([np.count_nonzero(table[k].group != own.group) for k in earlier])
    # The last of equals: it is the nearest in the tree as a rule, and so in limits and links.
    return earlier[len(earlier) - 1 - int(np.argmin(differing[::-1]))]


def _entry(table: Sequence[Prices], index: int, start: int | None) -> Entry:
    own = table[index]
    if start is None:
        unit = gcd(*own.group.tolist(), *own.link.tolist()) or 1
        columns = (own.link_group, own.link_shape, own.link)
        whole = zip(*(column.tolist() for column in columns), strict=True)
        return Entry(
            denominator=own.denominator,
            fineness=own.fineness,
            objective=own.objective,
            group=[value // unit for value in own.group.tolist()],
            limit=own.limit.tolist(),
            unit=unit,
            link=[(group, shape, value // unit) for group, shape, value in whole],
            cold=own.cold or UNSET,
        )
    base = table[start]
    places = np.flatnonzero(base.group != own.group)
    pairs = zip(own.group[places].tolist(), base.group[places].tolist(), strict=True)
    steps = [new - old for new, old in pairs]
    links = _link_steps(base, own)
    unit = gcd(*steps, *links.values()) or 1
    return Entry(
        start=start,
        fineness=UNSET if own.fineness == base.fineness else own.fineness,
        objective=UNSET if own.objective == base.objective else own.objective,
        limit=UNSET if np.array_equal(own.limit, base.limit) else own.limit.tolist(),
        unit=unit,
        keep=(np.diff(places, prepend=-1) - 1).tolist(),
        add=[step // unit for step in steps],
        link=[(*pair, step // unit) for pair, step in sorted(links.items())],
        cold=UNSET if own.cold == base.cold else own.cold,
    )


def _link_steps(base: Prices, own: Prices) -> dict[tuple[int, int], int]:
    """Return what is added to the multiplier of each pair, where it is anything."""
    old, new = _by_pair(base), _by_pair(own)
    steps = {pair: new.get(pair, 0) - old.get(pair, 0) for pair in old.keys() | new.keys()}
    return {pair: step for pair, step in steps.items() if step}
