"""Plans in forged certificates whose columns mislead arithmetic, though each looks well formed."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import numpy.typing as npt

from instances.cost import CostModel, Phases
from instances.demand import Demand
from instances.digest import digest
from instances.instance import Instance, Stream
from instances.plan import Plan
from instances.shapes import ShapeSpace, Sizes
from milp.certificate import Certificate, Leaf
from milp.lagrangian.prices import Prices
from milp.status import Status
from milp.verifier import Verdict, verify

NONE = Fraction(0)


def ints(*values: int) -> npt.NDArray[np.int64]:
    """Return a column."""
    return np.asarray(values, dtype=np.int64)


def shown(instance: Instance, plan: Plan, lower: Fraction, upper: Fraction) -> Verdict:
    """Return the verdict on a plan beside a bound of 0 that every request served for nothing proves."""
    groups = len(np.unique(instance.shapes.prompt.align(instance.streams[0].demand.prompt)))
    prices = Prices(1, 1, np.zeros(groups, dtype=np.int64), ints(), 1)
    scales = (instance.cost_scale, instance.time_scale)
    return verify(instance, Certificate(digest(instance), *scales, lower, upper, plan, (Leaf(0),), (prices,)))


def test_an_entry_before_the_first_batch_is_rejected() -> None:
    """An entry of batch −1 would serve a request for nothing, in a shape that does not hold it."""
    demand = Demand.from_requests([8, 80], [1, 1])
    model = CostModel(Phases((NONE, Fraction(1), NONE)))
    instance = Instance("two", (Stream("a", demand),), ShapeSpace(Sizes(8)), model)
    one = ints(1)
    for declared in (8, 80):
        plan = Plan(
            ints(0), ints(declared), ints(0), ints(0), one, ints(-1, 0), ints(1, 0), ints(1, 1), ints(0)
        )
        verdict = shown(instance, plan, NONE, Fraction(8))
        assert verdict.status is Status.REJECTED
        assert verdict.reason is not None
        assert "do not follow" in verdict.reason
    whole = Plan(ints(0), ints(80), ints(0), ints(0), one, ints(0, 0), ints(1, 0), ints(1, 1), ints(0))
    assert shown(instance, whole, NONE, Fraction(88)).status is Status.GAP


def test_counts_whose_sum_wraps_around_are_rejected() -> None:
    """2**64 requests too many look like none in int64, and half as many like a batch of negative size."""
    rows, count = 900, 10**15
    demand = Demand.from_histogram(list(range(1, rows + 1)), [1] * rows, [count] * rows)
    model = CostModel(Phases(decode=(NONE, NONE, Fraction(1))))
    instance = Instance("many", (Stream("a", demand),), ShapeSpace(Sizes(1024)), model)
    surplus = [2**59] * 32
    for extra in ([], surplus):
        row = ints(*range(rows), *(0 for _ in extra))
        amount = ints(*[count] * rows, *extra)
        plan = Plan(ints(0), ints(1024), ints(0), ints(0), ints(1), np.zeros_like(row), row, amount, ints(0))
        verdict = shown(instance, plan, NONE, Fraction(demand.requests))
        assert (verdict.status is Status.REJECTED) == bool(extra)
        assert not extra or "more requests than there are" in (verdict.reason or "")


def test_a_negative_bound_beside_a_plan_without_cost_has_a_gap() -> None:
    """A true bound under 0 and a plan that costs 0 are a gap of 1, not a division by 0."""
    instance = Instance("free", (Stream("a", Demand.from_requests([8], [1])),), ShapeSpace(Sizes(8)))
    plan = Plan(ints(0), ints(8), ints(0), ints(0), ints(1), ints(0), ints(0), ints(1), ints(0))
    verdict = shown(instance, plan, Fraction(-1), NONE)
    assert verdict.status is Status.GAP
    assert verdict.gap == 1


def test_a_plan_without_entries_is_malformed() -> None:
    """A batch that holds nothing is rejected in words, not by an index error."""
    instance = Instance("free", (Stream("a", Demand.from_requests([8], [1])),), ShapeSpace(Sizes(8)))
    plan = Plan(ints(0), ints(8), ints(0), ints(0), ints(1), ints(), ints(), ints(), ints(0))
    verdict = shown(instance, plan, NONE, NONE)
    assert verdict.status is Status.REJECTED
    assert "without entries" in (verdict.reason or "")
