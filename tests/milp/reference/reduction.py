"""Pairs of group and batch type that no plan under a claim uses."""

from __future__ import annotations

from milp.lagrangian.prices import Prices
from tests.milp.reference.box import NamedBox
from tests.milp.reference.definition import Definition, Group, Kind
from tests.milp.reference.evaluation import Evaluation


def least_costs(definition: Definition, prices: Prices) -> dict[tuple[Kind, Group], int]:
    """Return what plans that use a pair cost at least, in cost ticks, as far as these prices tell.

    Each pair is looked at by itself: a plan that opens its shape, runs its type and puts a request of its
    group there.
    """
    assert prices.objective == 1
    assert not prices.cold
    evaluation = Evaluation(definition, prices, NamedBox())
    free = evaluation.value()
    assert free is not None
    values = {shape: evaluation.sigma(shape) for shape in definition.shapes}
    ascending = sorted(value for value in values.values() if value is not None)
    numbers = range(definition.most + 1)
    anyhow = min(evaluation.counted(n) + sum(ascending[:n]) for n in numbers)
    found = {}
    for kind in definition.kinds:
        own, tau = values[kind.shape], evaluation.tau(kind)
        assert own is not None
        assert tau is not None
        opened = min(evaluation.counted(n) + own + sum(ascending[: n - 1]) for n in numbers[1:])
        # The shape itself may be among the N − 1 smallest, but no choice is worth less than the best one.
        opened = max(opened, anyhow)
        for group in definition.groups:
            if definition.fits(group, kind):
                least = free - anyhow + opened + max(0, tau) + max(0, evaluation.unit[kind, group])
                # A plan costs a whole number of ticks.
                found[kind, group] = -(-least // prices.denominator)
    return found
