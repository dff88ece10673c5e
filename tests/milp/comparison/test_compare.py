"""Schedulers side by side: the same requests, devices and seed, and bounds that hold for all of them."""

from __future__ import annotations

from fractions import Fraction

import pytest

from heuristics.schedulers.predictors import NoisyOracle, Oracle
from instances.generate.arrivals import generate_arrivals
from instances.serving import Arrivals, BatchDevice, RoundDevice, ServiceLevel
from milp.comparison import Comparison, Field, batch_contestants, compare, round_contestants
from milp.comparison.comparison import ComparisonProgress, value_of
from milp.comparison.frame import OBJECTIVES, frame
from milp.hindsight.hindsight import bounds_for

RATES = (Fraction(1), Fraction(5))
LEVEL = ServiceLevel((2 * 10**9,))
TOLD = {"oracle": Oracle(), "noisy": NoisyOracle(Fraction(1, 2))}


def _requests() -> Arrivals:
    return generate_arrivals("burstgpt-like", 250, 3, per_second=Fraction(6), process="gamma")


def _bounded(field: Field, contestants: tuple) -> Comparison:
    return compare(
        _requests(),
        contestants,
        RATES,
        lambda arrivals: bounds_for(arrivals, field.device, field.devices, LEVEL),
    )


@pytest.fixture(scope="module")
def batches() -> Comparison:
    """All policies of model A, with two predictors, at two rates, on two devices."""
    field = Field(BatchDevice(), 2, LEVEL, 1)
    return _bounded(field, batch_contestants(field, bins=(1, 3), predictors=TOLD))


@pytest.fixture(scope="module")
def rounds() -> Comparison:
    """All policies of model B."""
    field = Field(RoundDevice(8000, 16), 2, LEVEL, 1)
    return _bounded(field, round_contestants(field, predictors=TOLD))


def test_who_takes_part(batches: Comparison, rounds: Comparison) -> None:
    """One bin needs no predictions, several have a row per predictor; policies of model B always have."""
    names = [row.name for row in batches.rows if row.rate == 1]
    assert names == ["static-fifo", "dynamic", "multi-bin 1", "multi-bin 3 oracle", "multi-bin 3 noisy"]
    assert [row.name for row in batches.rows if row.rate == 5] == names
    assert {"mc-sf oracle", "mc-sf noisy"} <= {row.name for row in rounds.rows}


@pytest.mark.parametrize("model", ["batches", "rounds"])
def test_no_scheduler_is_below_a_certified_bound(model: str, request: pytest.FixtureRequest) -> None:
    """Every rule is kept and every objective at or above its bound, at each rate; gaps say how far."""
    found: Comparison = request.getfixturevalue(model)
    assert all(bounds.verdict.certified for bounds in found.bounds.values())
    for row in found.rows:
        assert row.simulation.broken == []
        for objective, quantile in OBJECTIVES.values():
            reached = value_of(row.simulation, objective, quantile)
            bound = found.bounds[row.rate].value(objective, quantile)
            assert reached is not None
            assert reached >= bound
            gap = found.gap(row, objective, quantile)
            assert gap is None if not bound else gap == reached / bound - 1


def test_one_bin_is_dynamic(batches: Comparison) -> None:
    """Multi-bin with a single bin completes every request when dynamic does."""
    by_name = {(row.rate, row.name): row.simulation.served.completion for row in batches.rows}
    for rate in RATES:
        assert (by_name[rate, "multi-bin 1"] == by_name[rate, "dynamic"]).all()


def test_faster_arrivals_are_those_of_the_rate(batches: Comparison) -> None:
    """What a row did is what its contestant does with requests that arrive so many times as fast."""
    field = Field(BatchDevice(), 2, LEVEL, 1)
    contestants = {one.name: one for one in batch_contestants(field, bins=(1, 3), predictors=TOLD)}
    for row in batches.rows:
        alone = contestants[row.name].simulate(batches.arrivals.faster(row.rate), None)
        assert (alone.served.completion == row.simulation.served.completion).all()


def test_the_frame_has_exact_numbers(batches: Comparison) -> None:
    """Means are fractions as text, each beside its float, and every objective beside its bound."""
    table = frame(batches)
    assert len(table) == len(batches.rows)
    for row, line in zip(batches.rows, table.to_dict("records"), strict=True):
        mean = row.simulation.metrics.total.latency.mean
        assert Fraction(line["mean_ns"]) == mean
        assert line["mean_ns_float"] == float(mean)
        assert Fraction(line["mean_ns_bound"]) == batches.bounds[row.rate].value("mean_latency") <= mean


def test_progress_names_what_runs() -> None:
    """Every contestant is announced before it runs, with the rows that are done."""
    field = Field(BatchDevice(), 1)
    told: list[ComparisonProgress] = []
    compare(_requests().first(20), batch_contestants(field, ["dynamic", "static-fifo"]), progress=told.append)
    assert [(one.done, one.rows, one.name) for one in told] == [(0, 2, "dynamic"), (1, 2, "static-fifo")]
