"""Analysis: floors under every plan there is, drivers by leaving requests out, what the command prints."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings

from instances.batch_model import form_batch_model
from instances.budgets import alignment, ratio_of
from instances.convert import convert
from instances.demand import Demand
from instances.least_cost import least_cost
from instances.metrics import evaluate
from milp.analysis import analyze
from milp.analysis.drivers import longest, padding_drivers, work_drivers
from milp.analysis.floors import NOT_SEARCHED, find_floors
from milp.analysis.maximal import lifted_plan, maximal_requests
from milp.analysis.plans import best_plan as best_of
from milp.analysis.proofs import quick_proofs
from milp.analysis.scopes import alone, structure_only
from milp.cli.options import load_instance
from milp.plots.analysis import draw_lengths
from milp.solving import solve
from milp.status import Status
from tests.oracle import best_plan
from tests.oracle.least import least
from tests.strategies import SEEDS, instances, random_instance, random_plan

METRICS = ("cost", "pad_ratio", "total_time", "batches", "shapes")


@pytest.mark.parametrize("seed", range(6))
def test_no_plan_is_below_a_floor(seed):
    """Of the whole and of each stream alone: no floor is over the oracle's least, and a reached one is it."""
    instance = random_instance(seed, requests=4)
    for floor in find_floors(instance, time_limit=4.0):
        if floor.metric not in METRICS or floor.status == NOT_SEARCHED:
            continue
        scoped = instance if floor.stream is None else alone(instance, floor.stream)
        expected = least(structure_only(scoped).about(scoped), floor.metric)
        if expected is None:
            assert floor.lower is None
            continue
        assert floor.lower is None or floor.lower <= expected
        assert floor.value is None or floor.value >= expected
        if floor.status == Status.OPTIMAL:
            assert floor.lower == floor.value == expected


@settings(max_examples=8)
@given(instances(requests=4), SEEDS)
def test_quick_proofs_hold_for_every_plan_and_stream(instance, seed):
    """No plan, limits kept or not, has less of any metric than a few prices prove of it."""
    plan = random_plan(instance, seed)
    if plan is None:
        return
    evaluation = evaluate(instance, plan)
    scopes = [*range(len(instance.streams)), None]
    for scope, metrics in zip(scopes, (*evaluation.streams, evaluation.total), strict=True):
        scoped = instance if scope is None else alone(instance, scope)
        free = structure_only(scoped).about(scoped)
        for metric in (*METRICS, "p50", "p99"):
            value = metrics.latency[metric] if metric[0] == "p" and metric[1].isdigit() else None
            value = Fraction(getattr(metrics, metric)) if value is None else value
            for proof in quick_proofs(free, metric, 1.0):
                assert proof.lower <= value


@pytest.mark.parametrize("seed", range(6))
def test_a_limit_under_its_floor_has_no_plan(seed):
    """Whatever is marked as out of reach is out of the oracle's reach."""
    instance = random_instance(seed + 100, requests=4)
    if any(floor.unreachable for floor in find_floors(instance, time_limit=3.0)):
        assert best_plan(instance) is None


def test_the_few_longest_requests_prove_the_total_time_of_all():
    """The bound of the few is the whole instance's, and their plan, joined by all others, reaches it."""
    whole = load_instance("static-graph/lognormal-800")
    free = structure_only(whole).about(whole)
    proofs = list(quick_proofs(free, "total_time", 5.0))
    best = best_of(free, "total_time", [proof.plan for proof in proofs if proof.plan is not None])
    assert best is not None
    assert best.value == max(proof.lower for proof in proofs)
    model = form_batch_model(replace(free, minimize="total_time"))
    few = maximal_requests(model)
    assert few.requests < 20
    found = solve(few, time_limit=5.0).plan
    assert found is not None
    joined = lifted_plan(model, few, found)
    assert joined is not None
    assert evaluate(free, joined).feasible


@settings(max_examples=25)
@given(instances(requests=5))
def test_drivers_by_leaving_requests_out(instance):
    """Floors without a request are those of the instance without it; no other request lowers them more."""
    for index, stream in enumerate(instance.streams):
        demand = stream.demand
        if demand.requests < 2:
            continue
        single = replace(instance, streams=(stream,))
        work, ratios = {}, {}
        for row in range(demand.rows):
            count = demand.count.copy()
            count[row] -= 1
            kept = count > 0
            rest = Demand(demand.prompt[kept], demand.gen[kept], count[kept])
            fewer = replace(single, streams=(replace(stream, demand=rest),))
            lengths = int(demand.prompt[row]), int(demand.gen[row])
            work[lengths] = least_cost(fewer).work
            aligned = alignment(fewer)
            ratios[lengths] = ratio_of(fewer, aligned.tokens, aligned.real_tokens)
        costliest = work_drivers(instance, index)
        assert [work[d.prompt, d.gen] for d in costliest] == [d.without for d in costliest]
        assert costliest[0].without == min(work.values())
        padded = padding_drivers(instance, index)
        assert [ratios[d.prompt, d.gen] for d in padded] == [d.without for d in padded]
        if padded:
            assert padded[0].without == min(ratios.values())


def test_the_longest_requests_set_the_covering_shape():
    """Counted with their copies, and what is left without them."""
    instance = load_instance("static-graph/lognormal-800")
    prompt, gen = longest(instance, 0)
    demand = instance.streams[0].demand
    sizes = np.repeat(instance.shapes.prompt.align(demand.prompt), demand.count)
    assert prompt.size == sizes.max()
    assert prompt.requests == (sizes == sizes.max()).sum()
    assert prompt.without == sizes[sizes < sizes.max()].max()
    assert gen.size == demand.gen.max()


def test_the_public_benchmark_leaves_little_padding(data):
    """Alignment alone has pad ratios 0.048933 and 0.132761 in the streams, and certified floors say so."""
    if not (data / "terminal-bench").is_dir():
        pytest.skip("no terminal-bench data")
    instance, _ = convert(data / "terminal-bench", "terminal-bench", "static-graph")
    first, second, whole = analyze(instance, time_limit=0.1).padding
    assert [f"{float(budget.least_ratio):.6f}" for budget in (first, second)] == ["0.048933", "0.132761"]
    assert [(budget.budget, budget.left) for budget in (first, second)] == [(25735, 2838), (28060, 3224)]
    assert whole.limit is None
    for stream, budget in enumerate((first, second)):
        scoped = alone(instance, stream)
        proofs = quick_proofs(structure_only(scoped).about(scoped), "pad_ratio", 1.0)
        assert {proof.lower for proof in proofs} == {budget.least_ratio}


def test_the_command_prints_sections_and_json(batchproof):
    """A person finds every section within 100 columns, a program every key, and both the same figures."""
    outcome = batchproof("analyze", "tiny/two-streams-share-shapes", "--time-limit", "3", "--json")
    assert outcome.code == 0
    record = outcome.json
    assert record["status"] == "analyzed"
    assert {"streams", "padding", "least_cost", "greedy", "floors"} <= set(record)
    for floor in record["floors"]:
        assert (floor["status"] == "not searched") == (floor["floor"] is None and floor["reached"] is None)
    text = batchproof("analyze", "tiny/two-streams-share-shapes", "--time-limit", "1").out
    for title in ("Lengths", "What few requests do", "Padding", "What every plan needs", "Cost", "Floors"):
        assert title in text


def test_a_limit_out_of_reach_is_marked(batchproof):
    """Exit code 3, as for every proof that there is no plan, and the floor beside its limit says why."""
    outcome = batchproof("analyze", "infeasible/pad-ratio-below-floor", "--time-limit", "5")
    assert outcome.code == 3
    assert "no plan can meet it" in outcome.out


def test_a_picture_is_drawn_or_refused_before_anything_is_computed(batchproof, tmp_path):
    """The file is a picture; another ending is bad input within no time."""
    pytest.importorskip("matplotlib")
    name = "tiny/pad-ratio-real"
    assert batchproof("analyze", name, "--time-limit", "1", "--plot", tmp_path / "a.png").code == 0
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    outcome = batchproof("analyze", name, "--plot", tmp_path / "a.gif")
    assert outcome.code == 2
    assert "png, svg, pdf" in outcome.err


def test_the_bars_of_the_picture_add_up_to_the_tokens():
    """Real tokens and alignment padding, over all bins, are those of the stream."""
    pytest.importorskip("matplotlib")
    from milp.analysis.padding import padding

    instance = load_instance("token/lognormal-1000-256x64")
    budget = padding(instance, 0)
    figure = draw_lengths(instance, [budget])
    prompts, gens = figure.axes[:2]
    demand = instance.streams[0].demand
    for axis, lengths, aligned in (
        (prompts, demand.prompt, budget.alignment.prompt),
        (gens, demand.gen, budget.alignment.gen),
    ):
        drawn = sum(bar.get_height() for bar in axis.patches)
        assert round(drawn) == int(lengths @ demand.count) + aligned
