"""Every heuristic on small random instances over all flags."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

import heuristics
from heuristics.result import badness
from instances.demand import Demand
from instances.instance import Instance, Stream
from instances.limits import Limits
from instances.presets import preset
from instances.shapes import ShapeSpace, Sizes
from tests.heuristics.small import names_for, random_instance, slow_metrics

SEEDS = range(60)
RUNS = [(name, seed) for seed in SEEDS for name in names_for(seed)]


@pytest.mark.parametrize(("name", "seed"), RUNS)
def test_plan_is_sound_and_its_metrics_follow_the_definition(name: str, seed: int) -> None:
    """A heuristic's plan breaks no structural rule; its metrics equal a recomputation by request."""
    instance = random_instance(seed)
    try:
        result = heuristics.run(name, instance)
    except heuristics.Uncoverable as reason:
        pytest.skip(f"no plan: {reason}")
    evaluation = result.evaluation
    assert not [v for v in evaluation.violations if v.is_structural]
    assert evaluation.total is not None
    slow = slow_metrics(instance, result.plan)
    assert evaluation.total.cost == slow["cost"]
    assert evaluation.total.total_time == slow["total_time"]
    real = sum(stream.demand.real_tokens for stream in instance.streams)
    over = real if instance.pad_over == "real" else slow["padded"]
    assert evaluation.total.pad_ratio == Fraction(slow["padded"] - real, over)
    rank = -(-95 * instance.requests // 100)
    assert evaluation.total.latency["p95"] == slow["latencies"][rank - 1]


@pytest.mark.parametrize("seed", SEEDS)
def test_greedy_is_never_worse_than_the_simple_plans(seed: int) -> None:
    """Whatever a simple heuristic manages, greedy manages too: limits first, then cost."""
    instance = random_instance(seed)
    simple = []
    for name in ("one-shape", "one-per-batch", "powers-of-two"):
        try:
            simple.append(heuristics.run(name, instance))
        except heuristics.Uncoverable:
            continue
    if simple:
        reached = badness(heuristics.run("greedy", instance).evaluation)
        assert all(reached <= badness(result.evaluation) for result in simple)


@pytest.mark.parametrize("name", heuristics.NAMES)
def test_prompt_longer_than_every_shape_is_uncoverable(name: str) -> None:
    """No plan exists if a prompt fits no allowed shape, and the error says so."""
    machine = {**preset("static-graph"), "shapes": ShapeSpace(Sizes(values=(8, 16)))}
    instance = Instance("long", (Stream("s", Demand.from_requests([17, 3], [1, 1])),), **machine)
    with pytest.raises(heuristics.Uncoverable, match="prompt of 17"):
        heuristics.run(name, instance)


@pytest.mark.parametrize("name", heuristics.NAMES)
def test_batch_without_room_is_uncoverable(name: str) -> None:
    """No plan exists if the memory limit is smaller than the smallest batch."""
    limits = Limits(max_batch_tokens=10)
    streams = (Stream("s", Demand.from_requests([64], [5]), limits),)
    with pytest.raises(heuristics.Uncoverable):
        heuristics.run(name, Instance("tight", streams, **preset("static-graph")))


@pytest.mark.parametrize("name", heuristics.NAMES)
@pytest.mark.parametrize("machine", ["static-graph", "honest-static-graph", "padded-batch", "token"])
def test_a_billion_requests_take_no_longer(name: str, machine: str) -> None:
    """A histogram of 10⁹ requests gives a plan of few rows: equal batches are written once."""
    demand = Demand.from_histogram([5, 100, 700], [3, 20, 64], [10**9, 10**8 + 1, 17])
    streams = (Stream("s", demand, Limits(max_batch_size=32)),)
    instance = Instance("many", streams, max_shapes=2, **preset(machine))
    result = heuristics.run(name, instance)
    assert not [v for v in result.evaluation.violations if v.is_structural]
    assert len(result.plan) <= 12
    assert result.plan.batches >= demand.requests // 32


@pytest.mark.parametrize("name", heuristics.NAMES)
def test_order_of_requests_does_not_matter(name: str) -> None:
    """Requests in another order give a plan of the same cost."""
    r = np.random.default_rng(2)
    prompt, gen, order = r.integers(1, 900, 60), r.integers(1, 90, 60), r.permutation(60)
    costs = []
    for way in (np.arange(60), order):
        demand = Demand.from_requests(prompt[way], gen[way], [f"r{index}" for index in way.tolist()])
        machine = preset("honest-static-graph")
        instance = Instance(
            "order", (Stream("s", demand, Limits(max_batch_size=8)),), max_shapes=4, **machine
        )
        costs.append(heuristics.run(name, instance).evaluation.cost)
    assert costs[0] == costs[1]


def test_every_heuristic_has_a_description() -> None:
    """Names are in order, and each is told in one line."""
    assert list(heuristics.NAMES) == sorted(heuristics.NAMES)
    assert list(heuristics.DESCRIPTIONS) == list(heuristics.NAMES)
    assert all(text and "\n" not in text for text in heuristics.DESCRIPTIONS.values())
    page = (Path(__file__).parents[2] / "docs" / "heuristics.md").read_text("utf-8")
    assert all(f"| `{name}` |" in page for name in heuristics.NAMES)


def test_unknown_heuristic_is_named() -> None:
    """A name that is not registered is bad input."""
    instance = random_instance(0)
    with pytest.raises(ValueError, match="expected one of fixed-step"):
        heuristics.run("magic", instance)
