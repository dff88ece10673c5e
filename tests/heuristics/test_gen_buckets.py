"""Gen buckets: widths that follow from the padding allowed, and widths found by bisection."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

import heuristics
from heuristics.cells import cells_plan
from heuristics.gen_buckets.budget import bucketed, derived_width
from heuristics.gen_buckets.gen_buckets import best_buckets
from instances.demand import Demand
from instances.groups import form_groups
from instances.instance import Instance, Stream
from instances.limits import LatencyLimit, Limits
from instances.metrics import evaluate
from instances.presets import preset


def one_stream(limits: Limits, over: str = "real", machine: str = "static-graph") -> Instance:
    """Return 400 requests of prompts 64 to 1,024 and gens 1 to 300."""
    r = np.random.default_rng(5)
    demand = Demand.from_requests(r.integers(1, 17, 400) * 64, r.integers(1, 301, 400))
    machine_parts = {**preset(machine), "pad_over": over}
    return Instance("one", (Stream("s", demand, limits),), max_shapes=8, **machine_parts)


def test_width_follows_from_the_budget() -> None:
    """1,000 real tokens at ρ = 1/5: 200 tokens of padding over real ones, 250 over all."""
    demand = Demand.from_histogram([64], [36], [10])
    for over, budget in (("real", 200), ("padded", 250)):
        stream = Stream("s", demand, Limits(pad_ratio=Fraction(1, 5)))
        instance = Instance("i", (stream,), **{**preset("static-graph"), "pad_over": over})
        groups = form_groups(instance)
        width = derived_width(instance, groups, 0, groups.prompt)
        assert width == int(Fraction(4, 5) * 2 * budget / 10) + 1


def test_padding_of_prompts_is_taken_off_the_budget() -> None:
    """Prompts of 50 tokens run at 64: 140 of the 200 tokens allowed are gone before any gen is padded."""
    demand = Demand.from_histogram([50], [50], [10])
    stream = Stream("s", demand, Limits(pad_ratio=Fraction(1, 5)))
    instance = Instance("i", (stream,), **preset("static-graph"))
    groups = form_groups(instance)
    assert derived_width(instance, groups, 0, groups.prompt) == int(Fraction(8, 5) * 60 / 10) + 1


def test_no_limit_derives_no_width() -> None:
    """Without a limit on padding, or with one that allows any, there is nothing to derive from."""
    for limits in (Limits(), Limits(pad_ratio=Fraction(1))):
        instance = one_stream(limits, over="padded")
        groups = form_groups(instance)
        assert derived_width(instance, groups, 0, groups.prompt) is None


@pytest.mark.parametrize("ratio", ["0.05", "0.1", "0.3", "0.8"])
@pytest.mark.parametrize("over", ["real", "padded"])
def test_derived_buckets_keep_to_the_padding_allowed(ratio: str, over: str) -> None:
    """With gens spread evenly, which the width is derived for, the limit on padding holds."""
    instance = one_stream(Limits(pad_ratio=Fraction(ratio)), over)
    assert heuristics.run("gen-buckets", instance).evaluation.feasible


@pytest.mark.parametrize("ratio", ["0.02", "0.08"])
def test_bisection_finds_no_narrower_width_than_a_scan_up_to_the_first_that_fails(ratio: str) -> None:
    """Every width up to the first that breaks the limit is found good, and what is returned keeps to it."""
    instance = one_stream(Limits(pad_ratio=Fraction(ratio)))
    groups = form_groups(instance)
    prompt, _, _ = best_buckets(instance, groups)
    width = 1
    while evaluate(instance, cells_plan(instance, groups, prompt, bucketed(groups, (width,)))).feasible:
        width += 1
    scanned = cells_plan(instance, groups, prompt, bucketed(groups, (width - 1,)))
    found = heuristics.run("gen-bisection", instance)
    assert found.evaluation.feasible
    assert found.plan.batches <= scanned.batches


def test_bisection_keeps_percentiles_of_streams_and_limits_over_all() -> None:
    """Two streams with a limit each and one over both: all hold, with fewer batches than at width 1."""
    limits = Limits(latency=(LatencyLimit(Fraction(1_050_000), Fraction(95, 100)),))
    instance = one_stream(limits)
    other = Stream("t", instance.streams[0].demand, Limits(pad_ratio=Fraction(1, 5)))
    instance = replace(instance, streams=(*instance.streams, other), limits=Limits(pad_ratio=Fraction(1, 10)))
    groups = form_groups(instance)
    prompt, _, _ = best_buckets(instance, groups)
    narrow = cells_plan(instance, groups, prompt, bucketed(groups, (1,)))
    found = heuristics.run("gen-bisection", instance)
    assert evaluate(instance, narrow).feasible
    assert found.evaluation.feasible
    assert found.plan.batches < narrow.batches


def test_bisection_needs_no_list_of_widths() -> None:
    """Gens of 10⁹ tokens are bisected as fast as short ones."""
    demand = Demand.from_requests([64, 64, 64], [1, 5, 10**9])
    stream = Stream("s", demand, Limits(pad_ratio=Fraction(1, 1000)))
    instance = Instance("long", (stream,), **preset("static-graph"))
    found = heuristics.run("gen-bisection", instance)
    assert found.evaluation.feasible
    assert found.seconds < 5
