"""Branch and bound claims of every leaf what its own prices reach there, and no more."""

from __future__ import annotations

from fractions import Fraction

import pytest

from instances.batch_model import form_batch_model
from milp import Status, solve
from milp.boxes import divide
from milp.certificate import Leaf
from milp.lagrangian import Box, lower_bound, price_exactly, value_prices
from tests.oracle import best_plan
from tests.strategies import random_instance


@pytest.mark.parametrize(("seed", "requests"), [(1097, 6)])
def test_a_case_that_reaches_less_than_its_parent(seed: int, requests: int) -> None:
    """Where a split takes away a stream's last type in a shape, L may fall; the certificate still holds.

    L counts the cold start of a stream in an opened shape only if the box leaves a type that can have it.
    """
    instance = random_instance(seed, requests=requests)
    best = best_plan(instance)
    assert best is not None
    result = solve(instance, time_limit=5.0, workers=1, seed=seed)
    assert result.status in (Status.GAP, Status.OPTIMAL)
    assert result.lower_bound is not None
    assert result.lower_bound <= best.cost


@pytest.mark.parametrize("seed", range(12))
def test_every_leaf_reaches_the_least_that_is_claimed(seed: int) -> None:
    """The bound of a result is the least L over the leaves, rounded up to ticks, or the plan's cost."""
    result = solve(random_instance(seed, requests=6), time_limit=5.0, workers=1)
    certificate = result.certificate
    if certificate is None or certificate.lower_bound is None:
        return
    model = form_batch_model(result.instance)
    boxes, least, reduction = {0: Box()}, result.cost, None
    if certificate.reduction is not None:
        reducing = certificate.prices[certificate.reduction]
        claim = int(certificate.lower_bound * certificate.cost_scale)
        reduction = value_prices(reducing, *price_exactly(model, reducing)).reduce(claim)
    for index, node in enumerate(certificate.nodes):
        box = boxes.pop(index)
        if not isinstance(node, Leaf):
            boxes[node.low], boxes[node.high] = divide(model, box, node)
            continue
        prices = certificate.prices[node.prices]
        numerator = lower_bound(model, prices, box, reduction).numerator
        if numerator is not None and prices.objective:
            reached = Fraction(-(-numerator // prices.denominator), certificate.cost_scale)
            least = reached if least is None else min(least, reached)
    assert least == certificate.lower_bound
