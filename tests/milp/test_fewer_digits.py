"""Rounded prices: they take fewer digits, and bound no leaf by less than they were allowed to."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest

from milp.boxes import divide
from milp.fewer_digits import with_fewer_digits
from milp.lagrangian import Box, Prices, lower_bound
from milp.price_table import encode_prices
from tests.milp.prices import random_prices, random_splits
from tests.milp.samples import Sample, sample


def boxes(found: Sample, rng: random.Random) -> list[Box]:
    """Return the whole and some random cases of it."""
    made = [Box()]
    for split in random_splits(found.model, rng, 4):
        made.extend(divide(found.model, rng.choice(made), split))
    return made


def neighbours(found: Sample, rng: random.Random, number: int) -> list[Prices]:
    """Return prices that differ a little from each other, as those of a tree's leaves do."""
    first = random_prices(found.model, rng)
    if first.group.dtype == object or first.link.dtype == object:
        return []
    made = [first]
    for _ in range(number - 1):
        shift = [rng.randint(-999, 999) if rng.random() < 0.5 else 0 for _ in first.group]
        made.append(replace(rng.choice(made), group=rng.choice(made).group + np.asarray(shift)))
    return made


@pytest.mark.parametrize("seed", range(60))
def test_no_bound_falls_by_more_than_is_spared(seed: int) -> None:
    """In every case, L of rounded prices is at least L of the given ones less what each may lose."""
    found, rng = sample(seed), random.Random(seed)
    given = neighbours(found, rng, 6)
    spare = [rng.choice((0, 1, 50, 10_000, 10**9, 10**400)) for _ in given]
    rounded = with_fewer_digits(given, spare, found.model.groups.count)
    for old, new, ticks in zip(given, rounded, spare, strict=True):
        for box in boxes(found, rng):
            before = lower_bound(found.model, old, box).numerator
            after = lower_bound(found.model, new, box).numerator
            assert (before is None) == (after is None)
            if before is not None and after is not None:
                assert after >= before - ticks * old.denominator


def test_nothing_to_spare_changes_nothing() -> None:
    """Prices of a leaf that just reaches the claim stay as they are."""
    for seed in range(20):
        found = sample(seed)
        given = neighbours(found, random.Random(seed), 4)
        rounded = with_fewer_digits(given, [0] * len(given), found.model.groups.count)
        assert [p.group.tolist() for p in rounded] == [p.group.tolist() for p in given]


def test_rounded_prices_take_fewer_digits() -> None:
    """Prices as those of a tree's leaves, with a thousandth to spare, take a third fewer digits."""
    rng = np.random.default_rng(0)
    centre, none = rng.integers(10**9, 10**10, 300), np.zeros(0, dtype=np.int64)
    given = [Prices(1, 1, centre + rng.integers(-(10**8), 10**8, 300), none, 1) for _ in range(10)]
    count = np.ones(300, dtype=np.int64)
    rounded = with_fewer_digits(given, [300 * 10**6] * 10, count)

    def digits(table: list[Prices]) -> int:
        return sum(len(str(entry.group)) + len(str(entry.add)) for entry in encode_prices(table))

    assert digits(list(rounded)) < 2 / 3 * digits(given)
