"""Root prices from the choice among shapes, and what it takes to bound large instances with them."""

from __future__ import annotations

import random
import time
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from instances.batch_model import form_batch_model
from instances.demand import Demand
from instances.instance import Instance, Stream
from instances.limits import Limits
from instances.presets import preset
from milp import Status, solve, verify
from milp.lagrangian import lower_bound, price_exactly
from milp.lagrangian.batch_values import batch_values
from milp.lagrangian.quiet import quiet_types
from milp.root import search
from milp.root.choice import form_choice, is_choice, linked_prices
from milp.root.choice_master import ChoiceMaster
from milp.root.pricing import evaluate_prices
from tests.milp.prices import random_prices
from tests.strategies import random_instance


def traffic(seed: int, machine: str, limits: Limits, requests: int = 120, streams: int = 1) -> Instance:
    """Return requests of log-normal lengths on a machine whose batches run their own gen."""
    rng = random.Random(seed)
    found = []
    for number in range(streams):
        lengths = [(rng.lognormvariate(6, 1), rng.lognormvariate(4, 0.8)) for _ in range(requests)]
        prompt, gen = (np.maximum(1, np.asarray(column).astype(int)) for column in zip(*lengths, strict=True))
        found.append(Stream(f"s{number}", Demand.from_requests(prompt, gen)))
    return Instance("traffic", tuple(found), limits=limits, max_shapes=4, **preset(machine))


CASES = (
    ("honest-static-graph", Limits()),
    ("honest-static-graph", Limits(max_batch_size=5)),
    ("honest-static-graph", Limits(max_batch_tokens=6000)),
    ("padded-batch", Limits()),
)


@pytest.mark.parametrize(("machine", "limits"), CASES)
@pytest.mark.parametrize("streams", [1, 2])
def test_linked_prices_reach_the_choice_relaxation(machine: str, limits: Limits, streams: int) -> None:
    """Exact L at the LP's duals, with link prices alone, is the LP's value but for rounding."""
    model = form_batch_model(traffic(1, machine, limits, 60, streams))
    assert is_choice(model)
    choice = form_choice(model)
    master = ChoiceMaster(model, choice)
    used = np.ones(len(choice.shape))
    for _ in range(60):
        alpha, cost, _covered = master.separate(used)
        classes = np.flatnonzero(np.bincount(master.of_class, master.count * cost) > 0)
        master.cut(alpha, classes)
        assert master.solve()
        used = master.used
    prices = linked_prices(choice, master.alpha, set()).rounded(2**6, 1, False)
    value = lower_bound(model, prices).value
    assert value is not None
    reached = float(value * model.instance.cost_scale)
    assert reached == pytest.approx(master.value, rel=1e-6)


@pytest.mark.parametrize(("machine", "limits"), CASES)
def test_large_instances_are_bounded_without_pairs(
    machine: str, limits: Limits, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the LP over pairs, engines and trees ruled out, the certified gap is small and the proof holds."""
    monkeypatch.setattr(search, "MOST_PAIRS", 0)
    monkeypatch.setattr(search, "MOST_CHAINED", 0)
    for streams in (1, 2):
        instance = traffic(2, machine, limits, streams=streams)
        result = solve(instance, time_limit=20)
        assert result.gap is not None
        assert result.gap < Fraction(1, 30)
        assert verify(instance, result.certificate).certified


def test_chains_close_the_gap() -> None:
    """Without capacity, ascent along chains alone proves plans optimal, or nearly."""
    for seed in range(3):
        result = solve(traffic(seed, "honest-static-graph", Limits(), 400), time_limit=60)
        assert result.status is Status.OPTIMAL or (result.gap is not None and result.gap < Fraction(1, 10**6))


def test_time_over_leaves_a_bound() -> None:
    """With no time left for the LP, prices are those that each request pays at least."""
    model = form_batch_model(traffic(3, "honest-static-graph", Limits()))
    until = time.monotonic() - 1
    root = search.search_root(model, target=None, until=until, latest=until)
    assert root.evaluated.value > 0


def test_quiet_types_are_not_negative() -> None:
    """What is skipped as quiet has τ ≥ 0, and evaluating with and without skipping gives the same L."""
    quiet = 0
    for seed in range(240):
        model = form_batch_model(random_instance(seed))
        rng = random.Random(seed)
        prices = replace(random_prices(model, rng), cold=False)
        under_prices = price_exactly(model, prices)[1]
        skipped = quiet_types(under_prices)
        assert (batch_values(under_prices)[skipped] >= 0).all()
        quiet += int(skipped.sum())
    assert quiet > 80
    model = form_batch_model(traffic(4, "padded-batch", Limits()))
    choice = form_choice(model)
    prices = linked_prices(choice, choice.value.min(axis=1) * 1.2, set())
    skipping = evaluate_prices(model, prices, quiet=True)
    assert skipping.value == pytest.approx(evaluate_prices(model, prices).value)
    assert (skipping.batch_value == 0).sum() > len(model.types) // 2
