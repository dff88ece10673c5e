"""L over the pairs that remain equals the reference, and so do the pairs themselves."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from instances.batch_model import BatchModel, form_batch_model
from instances.instance import Instance
from milp.lagrangian import Box, Reduction, lower_bound, price_exactly, value_prices
from tests.milp.prices import named, random_box, random_prices
from tests.milp.reference import Reference
from tests.milp.samples import sample
from tests.milp.test_bound_reference import chained

BLOCK, CASES = 25, 8


def claim_near(least: int, costs: list[int], rng: random.Random) -> int:
    """Return a claim under L, near it, just where some pair is left out, or beyond all pairs."""
    near = rng.choice(costs) if costs else least
    over = max(costs, default=0) + 1
    return rng.choice((least - 7, least, least + 1, near, near, near, near + 1, near + 1, over))


def remaining(model: BatchModel, reduction: Reduction) -> set[tuple[tuple[int, ...], tuple[int, int, int]]]:
    """Return the pairs that fit and remain, by name."""
    types, groups, kept = model.types, model.groups, set()
    for batch in range(len(types)):
        mine = np.arange(len(groups))[groups.of_stream(int(types.stream[batch]))]
        mine = mine[(groups.prompt[mine] <= types.prompt[batch]) & (groups.gen[mine] <= types.gen[batch])]
        mine = mine[reduction.allows(np.full(len(mine), batch), mine)]
        stream = int(types.stream[batch])
        kept |= {
            (types.key(batch), (stream, int(groups.prompt[g]), int(groups.gen[g]))) for g in mine.tolist()
        }
    return kept


def compare(instance: Instance, seed: int, case: int, seen: Counter[str]) -> None:
    """Compare one random case: the pairs that remain, and L over them."""
    model, reference = form_batch_model(instance), Reference(instance)
    rng = random.Random(1000 * seed + case)
    reducing = replace(random_prices(model, rng, objective=1), cold=False)
    valued = value_prices(reducing, *price_exactly(model, reducing))
    numerator = valued.bound(Box()).numerator
    assert numerator is not None
    costs = reference.least_costs(reducing)
    claim = claim_near(-(-numerator // reducing.denominator), list(costs.values()), rng)
    reduction, gone = valued.reduce(claim), frozenset(pair for pair, cost in costs.items() if cost >= claim)
    where = f"seed {seed}, case {case}"
    assert remaining(model, reduction) == {(k.name, g) for k, g in costs.keys() - gone}, where

    prices, box = random_prices(model, rng), random_box(model, rng)
    bound = lower_bound(model, prices, box, reduction)
    assert bound.numerator == reference.bound(prices, named(model, box), gone), where
    whole = lower_bound(model, prices, box)
    part = "nothing" if not gone else "everything" if len(gone) == len(costs) else "something"
    seen[part] += 1
    seen["box"] += box != Box()
    seen["empty box"] += bound.numerator is None and whole.numerator is not None
    seen["raised"] += bound.numerator is not None and bound.numerator != whole.numerator
    seen["cold"] += prices.cold and part == "something"
    seen["links"] += len(reducing.link) > 0 and part == "something"
    seen["streams"] += len(instance.streams) > 1 and part == "something"
    seen["stages"] += len(reference.deadlines) > 0 and part == "something"
    seen["object"] += reduction.excess.dtype == object and part == "something"
    seen["rebates"] += prices.objective == 0 and part == "something"


@pytest.mark.parametrize("block", range(12))
def test_reduced_bound_equals_its_definition(block: int) -> None:
    """Over random instances, two random prices and a claim, in boxes; 2,400 cases over all blocks."""
    seen: Counter[str] = Counter()
    for seed in range(BLOCK * block, BLOCK * (block + 1)):
        for case in range(CASES):
            compare(sample(seed).instance, seed, case, seen)
    kinds = ("nothing", "something", "everything", "box", "empty box", "raised")
    kinds += ("cold", "links", "streams", "stages", "object", "rebates")
    assert all(seen[kind] >= 2 for kind in kinds), seen


@pytest.mark.parametrize("block", range(3))
def test_reduced_chains_equal_their_definition(block: int) -> None:
    """The same where batch types form chains, whose value takes no account of single pairs left out."""
    seen: Counter[str] = Counter()
    for seed in range(60 * block, 60 * block + 60):
        for case in range(CASES):
            compare(chained(sample(seed).instance), seed, case, seen)
    assert all(seen[kind] >= 2 for kind in ("nothing", "something", "everything", "raised", "cold")), seen
