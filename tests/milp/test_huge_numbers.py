"""Times and costs beyond 64 bits: the same numbers, and no exception."""

from __future__ import annotations

import random
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from instances.batch_model import form_batch_model
from instances.cost import CostModel, Phases, TimeModel
from instances.demand import Demand
from instances.exact import exact_dot
from instances.instance import Instance
from instances.limits import LatencyLimit, Limits
from instances.metrics import evaluate
from instances.shapes import ShapeSpace, Sizes
from milp import Status, solve
from milp.lagrangian import lower_bound
from tests.milp.prices import random_prices
from tests.milp.samples import sample

FACTORS = (10**14, 10**16, 10**18, 10**25)


def slower(instance: Instance, factor: int) -> Instance:
    """Return the instance with every time and every limit on times multiplied."""

    def limits(own: Limits) -> Limits:
        latency = tuple(LatencyLimit(limit.most * factor, limit.quantile) for limit in own.latency)
        total = None if own.total_time is None else own.total_time * factor
        return replace(own, latency=latency, total_time=total)

    work, time = instance.time.work, instance.time
    return replace(
        instance,
        time=TimeModel(
            Phases(*(tuple(c * factor for c in part) for part in (work.prefill, work.decode))),  # type: ignore[arg-type]
            time.batch * factor,
            time.cold_start * factor,
        ),
        limits=limits(instance.limits),
        streams=tuple(replace(stream, limits=limits(stream.limits)) for stream in instance.streams),
    )


@pytest.mark.parametrize("factor", FACTORS)
def test_slow_machines_have_the_same_optimum(factor: int) -> None:
    """Time in another unit changes no cost: the optimal plan stays feasible, and no L exceeds its cost."""
    for seed in range(120):
        found, rng = sample(seed), random.Random(seed)
        if found.best is None:
            continue
        instance = slower(found.instance, factor)
        evaluation = evaluate(instance, found.best.plan)
        assert evaluation.feasible
        assert evaluation.cost == found.best.cost
        prices = random_prices(form_batch_model(instance), rng)
        value = lower_bound(form_batch_model(instance), prices).value
        assert value is not None
        assert value <= (found.best.cost if prices.objective else 0), f"seed {seed}"


def test_a_solver_that_refuses_the_numbers_costs_only_its_plans() -> None:
    """Where HiGHS takes no coefficient as large, there is a bracket around the optimum all the same."""
    found = sample(7)
    assert found.best is not None
    result = solve(slower(found.instance, 10**18), engine="highs", time_limit=3)
    assert result.status is not Status.REJECTED
    assert result.lower_bound is None or result.lower_bound <= found.best.cost
    assert result.cost is None or result.cost >= found.best.cost


def test_zeros_beside_numbers_beyond_64_bits() -> None:
    """A sum of products is 0, not an overflow, and no shape at all is no overflow either."""
    assert exact_dot(np.asarray([2**80], dtype=object), np.zeros(1, dtype=np.int64)) == 0
    work = Phases((Fraction(10**30),) * 3, (Fraction(10**30),) * 3)
    stream = replace(sample(0).instance.streams[0], demand=Demand.from_requests([8], [1]))
    model = form_batch_model(
        Instance("none", (stream,), ShapeSpace(Sizes(values=(4,))), CostModel(work), TimeModel(work))
    )
    assert not len(model.types)
