"""L in integers over numpy columns equals L written out as the document defines it."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from milp.lagrangian import lower_bound
from tests.milp.prices import named, random_box, random_prices
from tests.milp.reference import Reference
from tests.milp.samples import sample

BLOCK, CASES = 21, 8


@pytest.mark.parametrize("block", range(12))
def test_bound_equals_its_definition(block: int) -> None:
    """L equals a plain reference on random instances, prices and boxes; 2,016 cases over all blocks."""
    seen: Counter[str] = Counter()
    for seed in range(BLOCK * block, BLOCK * (block + 1)):
        instance, model = sample(seed).instance, sample(seed).model
        reference = Reference(instance)
        for case in range(CASES):
            rng = random.Random(CASES * seed + case)
            prices, box = random_prices(model, rng), random_box(model, rng)
            bound = lower_bound(model, prices, box)
            expected = reference.bound(prices, named(model, box))
            assert bound.numerator == expected, f"seed {seed}, case {case}"
            seen[str(bound.batch_value.dtype)] += 1
            seen["empty box"] += expected is None
            seen["cold"] += prices.cold and instance.time.cold_start > 0
            seen["links"] += len(prices.link) > 0
            seen["streams"] += len(instance.streams) > 1
            seen["stages"] += len(reference.deadlines) > 0
            seen["capacity"] += any(kind.capacity < instance.requests for kind in reference.kinds)
            seen["limits"] += any(prices.limit)
            seen["rebates"] += prices.objective == 0
    kinds = (
        "int64",
        "object",
        "empty box",
        "cold",
        "links",
        "streams",
        "stages",
        "capacity",
        "limits",
        "rebates",
    )
    assert all(seen[kind] >= 5 for kind in kinds), seen


@pytest.mark.parametrize("block", range(3))
def test_batch_types_are_those_of_the_definition(block: int) -> None:
    """The types, shapes and rows that L speaks of are those found by trying all bounds."""
    for seed in range(100 * block, 100 * block + 100):
        model, reference = sample(seed).model, Reference(sample(seed).instance)
        assert list(model.types.shapes) == reference.shapes
        keys = [model.types.key(index) for index in range(len(model.types))]
        assert sorted(keys) == [kind.name for kind in reference.kinds], f"seed {seed}"
        capacity = dict(zip(keys, model.types.capacity.tolist(), strict=True))
        assert capacity == {kind.name: kind.capacity for kind in reference.kinds}
        assert [(row.kind, row.stream, row.bound) for row in model.rows] == [
            (row.kind, row.stream, row.bound) for row in reference.rows
        ]
