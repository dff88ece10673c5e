"""Explanations of plans and of feasible instances: what is said of them holds when it is recomputed."""

from __future__ import annotations

import json
from fractions import Fraction

import pytest

from instances import evaluate, read, read_plan, write_plan
from instances.catalog import path
from instances.groups import form_groups
from instances.instance import Instance
from instances.named_limits import LimitName, limited, named_limits, without_limits
from instances.plan import Plan
from milp import solve
from milp.explain import explain, explain_plan
from milp.explain.contributions import contributions
from milp.explain.moves import batches_of, plan_of_batches
from milp.explain.repair import changed_requests, repair
from milp.explain.splice import spliced, stream_of
from tests.oracle import best_plan

MENDED = [
    "tiny/batch-at-shape-max-batch-size",
    "tiny/completion-cold-start",
    "tiny/max-batch-tokens",
    "tiny/p50-and-p75",
    "tiny/pad-ratio-all-streams",
    "tiny/stream-cost",
    "tiny/total-time",
]


def unlimited(name: str) -> tuple[Instance, Plan]:
    """Return a bundled instance and the best plan without its limits."""
    instance = read(path(name))
    best = best_plan(without_limits(instance))
    assert best is not None
    return instance, best.plan


@pytest.mark.parametrize("name", MENDED)
def test_a_plan_that_misses_limits_is_mended(name: str) -> None:
    """The mended plan meets all limits, and the steps are a chain from what the plan had to what it has."""
    instance, plan = unlimited(name)
    assert not evaluate(instance, plan).feasible
    found = repair(instance, plan, time_limit=20.0)
    assert found is not None
    assert found.feasible
    after = evaluate(instance, found.plan)
    assert after.feasible
    assert found.steps
    for step, following in zip(found.steps, found.steps[1:], strict=False):
        assert step.after == following.before
        assert step.cost_after == following.cost_before
    assert found.steps[-1].cost_after == after.cost
    assert any(found.steps[0].before[name] > value for name, value in named_limits(instance).items())
    assert 0 < found.requests <= sum(step.requests for step in found.steps)
    assert found.requests == changed_requests(batches_of(plan), batches_of(found.plan))


def test_a_plan_that_no_moves_mend_is_replaced() -> None:
    """Where small moves end, a search goes on, and says so."""
    instance, plan = unlimited("tiny/p75")
    found = explain_plan(instance, plan, time_limit=10.0)
    assert found.repair is not None
    assert found.repair.feasible
    assert evaluate(instance, found.repair.plan).feasible
    assert found.searched == (not found.repair.steps)


def test_a_plan_of_an_infeasible_instance_says_why() -> None:
    """No change mends it; the conflict is named instead."""
    instance, plan = unlimited("infeasible/pad-ratio-below-floor")
    found = explain_plan(instance, plan, time_limit=10.0)
    assert found.infeasible is not None
    assert found.infeasible.conflict is not None
    assert found.standings[0].name == LimitName("pad_ratio", 0)
    assert found.standings[0].slack < 0


def test_batches_add_up_to_the_metric() -> None:
    """Contributions of all batches are the padding, the time and the work that a plan has."""
    instance, plan = unlimited("tiny/pad-ratio-time-percentile-shapes")
    total = evaluate(without_limits(instance), plan).total
    assert total is not None
    groups = form_groups(instance)
    for metric, expected in (
        ("pad_ratio", total.pad_ratio * instance.real_tokens),
        ("total_time", total.total_time),
        ("batches", Fraction(total.batches)),
    ):
        rows = contributions(instance, groups, plan, LimitName(metric), Fraction(0))
        assert sum(row.amount for row in rows) == expected
        assert abs(sum(row.share for row in rows) - 1) < 1e-9
        assert [row.amount for row in rows] == sorted((row.amount for row in rows), reverse=True)


def test_late_requests_are_counted_where_they_are() -> None:
    """Over a limit that a share meets, the batches hold just the requests that are late."""
    instance, plan = unlimited("tiny/p75")
    limit = named_limits(instance)[LimitName("p75", 0)]
    rows = contributions(instance, form_groups(instance), plan, LimitName("p75", 0), limit)
    late = sum(row.amount for row in rows)
    for percent in range(1, 100):
        name = LimitName(f"p{percent}", 0)
        on_time = evaluate(limited(without_limits(instance), name, limit), plan).feasible
        assert on_time == (-(-percent * instance.requests // 100) <= instance.requests - late)


@pytest.mark.parametrize(
    "name", ["tiny/max-shapes", "tiny/max-batch-size", "tiny/pad-ratio-real", "tiny/p75", "tiny/total-time"]
)
def test_more_of_a_limit_saves_no_more_than_is_said(name: str) -> None:
    """With each limit a step higher, the optimum by brute force is at least the bound that is certified."""
    instance = read(path(name))
    found = explain(instance, time_limit=10.0)
    assert found.result is not None
    assert found.result.value is not None
    assert found.prices
    for price in found.prices:
        more = limited(instance, price.name, named_limits(instance)[price.name] + price.step)
        best = best_plan(more)
        assert best is not None
        assert best.cost >= price.bound
        assert found.result.value - best.cost <= price.saves


def test_a_plan_taken_apart_is_the_same_again() -> None:
    """Batches one by one, and streams apart and put together, have the metrics of the plan."""
    instance, plan = unlimited("tiny/two-streams-share-shapes")
    groups = form_groups(instance)
    bare = without_limits(instance)
    expected = evaluate(bare, plan)
    assert evaluate(bare, plan_of_batches(instance, groups, batches_of(plan))) == expected
    for stream in (0, 1):
        assert evaluate(bare, spliced(stream_of(plan, stream), stream, plan)).cost == expected.cost


def test_explain_writes_proofs_that_verify(batchproof, tmp_path) -> None:
    """What is written stands alone: certificates verify against the instance, and plans are there."""
    outcome = batchproof("explain", "infeasible/total-time-against-pad-ratio", "--out", "why", "--json")
    assert outcome.code == 3
    record = outcome.json
    assert record["status"] == "certified infeasible"
    assert record["conflict"]["irreducible"]
    assert set(record["conflict"]["limits"]) == {"pad_ratio:0", "total_time:0"}
    assert all(one["tight"] for one in record["relaxations"])
    assert json.loads((tmp_path / record["files"]["explanation"]).read_text()) == record
    proofs = [file for what, file in record["files"].items() if what.endswith("certificate")]
    assert len(proofs) >= 3
    for file in proofs:
        assert batchproof("verify", "infeasible/total-time-against-pad-ratio", file).code == 3


def test_explain_mends_a_plan_file(batchproof, tmp_path) -> None:
    """A plan file that misses limits is mended: the file written meets them."""
    instance, plan = unlimited("tiny/pad-ratio-real")
    write_plan(plan, instance, tmp_path / "mine.jsonl")
    outcome = batchproof("explain", "tiny/pad-ratio-real", "--plan", "mine.jsonl", "--out", "why", "--json")
    assert outcome.code == 1
    record = outcome.json
    assert record["status"] == "violated"
    assert record["repair"]["feasible"]
    assert record["limits"][0]["limit"] == "pad_ratio:0"
    mended = read_plan(tmp_path / record["files"]["mended plan"], instance)
    assert evaluate(instance, mended).feasible


def test_explain_says_it_in_words(batchproof, tmp_path) -> None:
    """Without --json there are sentences and tables for each kind of answer."""
    assert "cannot be met" in batchproof("explain", "infeasible/cost-below-optimum").out
    assert "longer than the largest prompt size" in batchproof("explain", "infeasible/prompt-not-covered").out
    feasible = batchproof("explain", "tiny/max-shapes")
    assert feasible.code == 0
    assert "saves at most" in feasible.out.replace("\n", " ")
    instance = read(path("tiny/max-shapes"))
    best = solve(instance, time_limit=10.0).plan
    assert best is not None
    write_plan(best, instance, tmp_path / "best.jsonl")
    outcome = batchproof("explain", "tiny/max-shapes", "--plan", "best.jsonl")
    assert outcome.code == 0
    assert "meets all limits" in outcome.out


def test_explain_refuses_a_folder_that_is_a_file(batchproof, tmp_path) -> None:
    """Nothing is computed for a folder that cannot be written to."""
    (tmp_path / "why").write_text("")
    outcome = batchproof("explain", "tiny/max-shapes", "--out", "why")
    assert outcome.code == 2
    assert len(outcome.err.splitlines()) == 1
