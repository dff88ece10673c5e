"""Whatever is minimised: the certified bound is never over the least value there is, and tiny ones close."""

from __future__ import annotations

from dataclasses import replace

import pytest

from instances.objective import MINIMIZED
from milp import Status, solve, verify
from tests.oracle.least import least
from tests.strategies import random_instance

SEEDS = range(12)


@pytest.mark.parametrize("minimize", MINIMIZED)
@pytest.mark.parametrize("seed", SEEDS)
def test_the_least_value_is_found_and_certified(seed: int, minimize: str) -> None:
    """Bound ≤ least value of any plan ≤ value of the plan found; on one device they meet."""
    instance = random_instance(seed, requests=4)
    expected = least(instance, minimize)
    asked = replace(instance, minimize=minimize)
    result = solve(asked, time_limit=20.0)
    assert result.certificate is not None
    verdict = verify(asked, result.certificate)
    if expected is None:
        assert result.status is Status.INFEASIBLE or asked.latency == "completion"
        return
    assert verdict.lower_bound is not None
    assert verdict.lower_bound <= expected
    assert result.value == expected
    relaxed = instance.latency == "completion" and instance.workers > 1
    assert result.status is Status.OPTIMAL or relaxed


def test_a_shape_whose_only_type_cannot_be_run_is_not_used() -> None:
    """Opened, with all its batches bounded to 0, a case once stayed open and was divided without end."""
    instance = random_instance(192, requests=4)
    result = solve(replace(instance, limits=replace(instance.limits, batches=2)), time_limit=20.0)
    assert result.status is Status.OPTIMAL
