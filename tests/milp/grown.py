"""Certificates with trees of many leaves, made by hand."""

from __future__ import annotations

import random
from dataclasses import replace
from fractions import Fraction

from instances.batch_model import BatchModel
from instances.digest import digest
from milp.boxes import divide
from milp.certificate import Certificate, Leaf, Split
from milp.lagrangian import Box, Prices, Reduction, lower_bound, price_exactly, value_prices
from tests.milp.prices import random_prices, random_splits
from tests.milp.samples import sample
from tests.milp.test_bound_laws import good_prices


def grown(seed: int, leaves: int, *, reduced: bool = False) -> Certificate:
    """Return a certificate with the optimal plan and a random tree, every leaf with prices of its own.

    The prices before those of the leaves leave pairs out, if `reduced`.
    """
    model, best, rng = sample(seed).model, sample(seed).best, random.Random(seed)
    assert best is not None
    nodes: list[Split | Leaf] = [Leaf(0)]
    boxes: dict[int, Box] = {0: Box()}
    while len(boxes) < leaves:
        index = rng.choice(sorted(boxes))
        for split in random_splits(model, rng, 1):
            low, high = divide(model, boxes.pop(index), split)
            nodes[index] = Split(split.on, split.of, split.at, len(nodes), len(nodes) + 1)
            boxes[len(nodes)], boxes[len(nodes) + 1] = low, high
            nodes += [Leaf(0), Leaf(0)]
    prices: list[Prices] = []
    ticks, reduction = [], None
    if reduced:
        prices.append(replace(good_prices(seed, rng), cold=False))
        valued = value_prices(prices[0], *price_exactly(model, prices[0]))
        reduction = valued.reduce(int(best.cost * model.instance.cost_scale))
    for index, box in boxes.items():
        drawn = [random_prices(model, rng, objective=1) for _ in range(10)]
        drawn += [good_prices(seed, rng) for _ in range(3)] if reduced else []
        own = _best_of(model, box, drawn, reduction)
        numerator = lower_bound(model, own, box, reduction).numerator
        if numerator is not None:
            ticks.append(-(-numerator // own.denominator))
        nodes[index] = Leaf(len(prices))
        prices.append(own)
    scale = model.instance.cost_scale
    lower = min(Fraction(min(ticks), scale), best.cost)
    return Certificate(
        digest(model.instance),
        scale,
        model.instance.time_scale,
        lower,
        best.cost,
        best.plan,
        tuple(nodes),
        tuple(prices),
        0 if reduced else None,
    )


def _best_of(model: BatchModel, box: Box, drawn: list[Prices], reduction: Reduction | None) -> Prices:
    def worth(prices: Prices) -> Fraction:
        value = lower_bound(model, prices, box, reduction).value
        return Fraction(10**30) if value is None else value

    return max(drawn, key=worth)
