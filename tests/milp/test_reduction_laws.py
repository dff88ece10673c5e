"""What must hold of bounds that leave pairs out, whatever the prices and the claim."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest

from instances.metrics import evaluate
from instances.plan import Plan
from milp.lagrangian import Box, Prices, Valued, lower_bound, price_exactly, value_prices
from milp.translate import plan_types
from tests.milp.prices import random_box, random_prices
from tests.milp.samples import Sample, sample
from tests.milp.test_bound_laws import good_prices, holding_box
from tests.strategies import random_plan

BLOCK = 40


def reducing(seed: int, rng: random.Random) -> tuple[Valued, int]:
    """Return prices near the best ones that reduce, and the ticks that they prove."""
    model = sample(seed).model
    prices = replace(good_prices(seed, rng), cold=False, objective=1)
    valued = value_prices(prices, *price_exactly(model, prices))
    return valued, ticks_of(valued.bound(Box()).numerator, prices, 0)


def leaf_prices(seed: int, rng: random.Random) -> Prices:
    """Return prices near the best ones, or any, huge ones and rebates included."""
    return good_prices(seed, rng) if rng.random() < 0.7 else random_prices(sample(seed).model, rng)


def ticks_of(numerator: int | None, prices: Prices, infinite: int) -> int:
    """Return L in whole cost ticks, `infinite` if it is."""
    return infinite if numerator is None else -(-numerator // prices.denominator)


def plans(seed: int, found: Sample) -> Iterator[tuple[Plan, int]]:
    """Yield feasible plans, the optimal one first, with their costs in ticks."""
    assert found.best is not None
    for plan in (found.best.plan, *(random_plan(found.instance, number) for number in range(2))):
        if plan is None or plan_types(found.model, plan) is None:
            continue
        evaluation = evaluate(found.instance, plan)
        if evaluation.feasible:
            assert evaluation.cost is not None
            yield plan, int(evaluation.cost * found.instance.cost_scale)


@pytest.mark.parametrize("block", range(5))
def test_a_plan_costs_the_claim_or_what_remains_proves(block: int) -> None:
    """In a box that holds a plan, the lesser of the claim and L over what remains is at most its cost.

    Claims lie at L, between L and the optimum, at the cost of the plan, and above it, where the pairs of the
    plan must not be left out.
    """
    seen: Counter[str] = Counter()
    for seed in range(BLOCK * block, BLOCK * (block + 1)):
        found = sample(seed)
        if found.best is None:
            continue
        rng = random.Random(seed)
        optimum = int(found.best.cost * found.instance.cost_scale)
        for plan, cost in plans(seed, found):
            for _ in range(5):
                valued, least = reducing(seed, rng)
                claim = rng.choice(
                    (least, least + 1, optimum, optimum + 1, cost, cost + 1, rng.randint(least, 2 * cost + 1))
                )
                prices, box = leaf_prices(seed, rng), holding_box(found.model, plan, rng)
                bound = lower_bound(found.model, prices, box, valued.reduce(claim)).numerator
                plain = lower_bound(found.model, prices, box).numerator
                ticks = ticks_of(bound, prices, claim)
                where = f"seed {seed}, claim {claim}, optimum {optimum}"
                if prices.objective:
                    assert min(ticks, claim) <= cost, where
                    seen["near"] += claim <= cost and ticks > 0.9 * cost
                else:
                    assert cost >= claim or (bound is not None and bound <= 0), where
                    seen["rebates"] += cost < claim
                seen["raised"] += bound != plain
                seen["raised above the cost"] += bound != plain and claim > cost
    kinds = ("near", "rebates", "raised", "raised above the cost")
    assert all(seen[kind] >= 2 for kind in kinds), seen


@pytest.mark.parametrize("block", range(4))
def test_a_lower_claim_never_lowers_what_remains_proves(block: int) -> None:
    """L rises as the claim falls, in any box, so a leaf closed for a claim is closed for every lower one."""
    seen: Counter[str] = Counter()
    for seed in range(BLOCK * block, BLOCK * (block + 1)):
        found = sample(seed)
        if found.best is None:
            continue
        rng = random.Random(seed)
        optimum = int(found.best.cost * found.instance.cost_scale)
        for _ in range(4):
            valued, least = reducing(seed, rng)
            claims = sorted(rng.randint(least, max(least, optimum) + 2) for _ in range(4))
            prices, box = leaf_prices(seed, rng), random_box(found.model, rng)
            last = lower_bound(found.model, prices, box).numerator
            for claim in reversed(claims):
                now = lower_bound(found.model, prices, box, valued.reduce(claim)).numerator
                assert now is None or (last is not None and now >= last), f"seed {seed}, claim {claim}"
                seen["raised"] += now != last
                seen["cold"] += now != last and prices.cold
                last = now
    assert all(seen[kind] >= 5 for kind in ("raised", "cold")), seen
