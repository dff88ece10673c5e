"""The package's metrics against the definition written out."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instances.instance import Instance
from instances.limits import percentile_name
from instances.metrics import Metrics, evaluate
from instances.plan import Plan
from tests.oracle import Measured, broken, from_plan, measure, violated
from tests.strategies import SEEDS, broken_plan, random_instance, random_plan

QUANTILES = tuple(Fraction(*pair) for pair in ((1, 2), (95, 100), (99, 100)))


def assert_agree(instance: Instance, plan: Plan) -> None:
    """Compare all metrics of a plan and the limits that it exceeds."""
    evaluation = evaluate(instance, plan)
    streams, total = measure(instance, from_plan(instance, plan))
    assert evaluation.total is not None
    pairs = [*zip(evaluation.streams, streams, strict=True), (evaluation.total, total)]
    limits = [*(stream.limits for stream in instance.streams), instance.limits]
    for (metrics, measured), limit in zip(pairs, limits, strict=True):
        asked = {*QUANTILES, *(one.quantile for one in limit.latency)}
        assert facts(metrics) == (measured.cost, measured.pad_ratio, measured.total_time)
        assert metrics.latency == {percentile_name(q): measured.percentile(q) for q in asked}
    where = [*(f"stream {stream.name}" for stream in instance.streams), "plan"]
    exceeded = {
        (place, name)
        for place, limit, measured in zip(where, limits, [*streams, total], strict=True)
        for name in named(violated(limit, measured))
    }
    assert {(violation.where, violation.kind) for violation in evaluation.violations} == exceeded
    assert sum(evaluation.cost_parts.values(), Fraction(0)) == evaluation.cost


def facts(metrics: Metrics) -> tuple[Fraction, Fraction, Fraction]:
    """Return the metrics that are single numbers."""
    return metrics.cost, metrics.pad_ratio, metrics.total_time


def named(kinds: set[str]) -> set[str]:
    """Return the oracle's names of limits in the package's words."""
    words = {"cost", "pad_ratio", "total_time"}
    return {kind if kind in words else percentile_name(Fraction(kind)) for kind in kinds}


@pytest.mark.parametrize("block", range(10))
def test_metrics_of_sound_plans_agree(block: int) -> None:
    """Cost, padding, time, percentiles and exceeded limits equal the definition's, under all flags."""
    compared = 0
    for seed in range(40 * block, 40 * block + 40):
        instance = random_instance(seed, requests=7, limited=seed % 8 == 0)
        for number in range(3):
            plan = random_plan(instance, 1000 * seed + number)
            if plan is not None:
                assert_agree(instance, plan)
                compared += 1
    assert compared > 60


@settings(max_examples=40, deadline=None)
@given(SEEDS, st.integers(0, 99))
def test_metrics_of_any_sound_plan_agree(seed: int, number: int) -> None:
    """No seed leads to a sound plan whose metrics differ from the definition's."""
    instance = random_instance(seed, requests=8, limited=False)
    plan = random_plan(instance, number)
    if plan is not None:
        assert_agree(instance, plan)


@pytest.mark.parametrize("block", range(10))
def test_broken_rules_agree(block: int) -> None:
    """A plan is structurally broken in just the ways in which the definition says so."""
    kinds: set[str] = set()
    for seed in range(100 * block, 100 * block + 100):
        instance = random_instance(seed, requests=7, limited=seed % 8 == 0)
        plan = broken_plan(instance, seed)
        expected = broken(instance, from_plan(instance, plan))
        found = {v.kind for v in evaluate(instance, plan).violations if v.is_structural}
        if "shape too small" in expected:
            # What a batch that cannot run would hold in memory is not defined.
            found -= {"batch tokens"}
            expected -= {"batch tokens"}
        assert found == expected, f"seed {seed}"
        kinds |= expected
    assert len(kinds) > 4


def test_reference_values_by_hand() -> None:
    """The oracle itself: nearest-rank percentiles and both meanings of padding on numbers done by hand."""
    sample = Measured(Fraction(0), Fraction(0), Fraction(0), 1, tuple(Fraction(v) for v in range(1, 21)))
    assert sample.percentile(Fraction(19, 20)) == 19
    assert sample.percentile(Fraction(1)) == 20
    assert sample.percentile(Fraction(1, 100)) == 1
