"""L in integers over numpy columns equals L written out as the document defines it."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace

import pytest

from instances.batch_model import form_batch_model
from instances.instance import Instance
from instances.shapes import RunRules
from milp.lagrangian import Box, lower_bound, price_exactly, value_prices
from tests.milp.prices import named, random_box, random_prices
from tests.milp.reference import Reference
from tests.milp.samples import sample

BLOCK, CASES = 21, 8
ROOMY = {"max_batch_size": None, "max_batch_tokens": None}


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


def chained(instance: Instance) -> Instance:
    """Return the instance on a machine whose batch types form chains: only the gen bound is the batch's."""
    streams = tuple(replace(s, limits=replace(s.limits, **ROOMY)) for s in instance.streams)
    return replace(
        instance,
        streams=streams,
        limits=replace(instance.limits, **ROOMY),
        shapes=replace(instance.shapes, gen=None, batch=None),
        runs=RunRules(instance.runs.prefill_at, "shape", "batch"),
        latency="service",
    )


@pytest.mark.parametrize("block", range(3))
def test_chains_are_worth_the_best_set_of_their_types(block: int) -> None:
    """L with chains equals the reference, which tries all sets of types, where the plain sum is lower."""
    seen: Counter[str] = Counter()
    for seed in range(80 * block, 80 * block + 80):
        instance = chained(sample(seed).instance)
        model, reference = form_batch_model(instance), Reference(instance)
        for case in range(CASES):
            rng = random.Random(CASES * seed + case)
            prices, box = random_prices(model, rng), random_box(model, rng) if case % 2 else Box()
            values = value_prices(prices, *price_exactly(model, prices))
            bound, summed = values.bound(box), replace(values, chain_value={}).bound(box)
            assert bound.numerator == reference.bound(prices, named(model, box)), f"seed {seed}, case {case}"
            if bound.numerator is None or bound.numerator == summed.numerator:
                continue
            assert summed.numerator is not None
            assert bound.numerator > summed.numerator
            seen[str(bound.batch_value.dtype)] += 1
            seen["cold"] += prices.cold and instance.time.cold_start > 0
            seen["links"] += len(prices.link) > 0
            seen["streams"] += len(instance.streams) > 1
            seen["rewards"] += any(row.kind == "latency" for row in model.rows) and any(prices.limit)
            seen["box"] += box != Box()
    kinds = ("int64", "object", "cold", "links", "streams", "rewards", "box")
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
