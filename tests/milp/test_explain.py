"""Explanations of infeasible instances: irreducible, certified and tight, and brute force agrees."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from functools import cache

import pytest

from benchmarks.catalog.small import FOUR, OTHERS, REQUEST, at_most, small, two
from instances import evaluate, read
from instances.batch_model import form_batch_model
from instances.catalog import names, path
from instances.instance import Instance
from instances.limit_rows import token_budget
from instances.named_limits import LimitName, limited, named_limits, without_limits
from instances.shapes import ShapeSpace, Sizes
from milp import Status, verify
from milp.certificate import Certificate
from milp.explain import Explanation, explain
from milp.explain.asking import Asking
from milp.explain.causes import covering
from milp.explain.compromise import undercutting
from milp.explain.conflict import find_conflict
from milp.explain.feasibility import first_plan
from milp.explain.floors import floor_proofs
from milp.explain.lateness import lateness_proofs
from milp.explain.relaxation import Relaxation
from tests.oracle import best_plan
from tests.strategies import random_instance

INFEASIBLE = [name for name in names() if name.startswith("infeasible/")]
UNCOVERED = ["infeasible/gen-not-covered", "infeasible/prompt-not-covered"]
LIMITED = [name for name in INFEASIBLE if name not in UNCOVERED]
OPEN = ("infeasible/total-time-against-batch-size", "total_time:0")
"""A limit whose least relaxation is certified between two values only."""
CONFLICTS = {
    "pad-ratio-below-floor": {"pad_ratio:0"},
    "percentile-below-longest": {"p100:0"},
    "memory-below-longest-request": {"max_batch_tokens:0"},
    "total-time-against-pad-ratio": {"total_time:0", "pad_ratio:0"},
    "total-time-against-batch-size": {"total_time:0", "max_batch_size:0"},
    "shape-budget-against-pad-ratio": {"max_shapes:all", "pad_ratio:0"},
    "shape-budget-over-streams": {"max_shapes:all", "pad_ratio:1"},
}


@cache
def explained(name: str) -> Explanation:
    """Return what is said of a bundled instance."""
    # What is left open takes all the time that there is.
    return explain(read(path(name)), time_limit=6.0 if name == OPEN[0] else 30.0)


def holding(instance: Instance, held: dict[LimitName, Fraction]) -> Instance:
    """Return the instance with just these limits."""
    asked = without_limits(instance)
    for name, value in held.items():
        asked = limited(asked, name, value)
    return asked


def proves(instance: Instance, certificate: Certificate | None, asked: Instance) -> bool:
    """Tell whether a certificate proves that a question, and no other, has no plan."""
    if certificate is None:
        return False
    about = certificate.question.about(instance)
    same = named_limits(about) == named_limits(asked)
    return same and verify(about, certificate).status is Status.INFEASIBLE


@pytest.mark.parametrize("name", INFEASIBLE)
def test_the_limits_named_cannot_be_met_together(name: str) -> None:
    """The verifier accepts the proof for just the limits named, and no plan among all meets them."""
    instance, found = read(path(name)), explained(name)
    assert found.status is Status.INFEASIBLE
    assert found.conflict is not None
    asked = holding(instance, dict(found.conflict.held))
    assert proves(instance, found.conflict.certificate, asked)
    assert best_plan(asked) is None


@pytest.mark.parametrize("name", INFEASIBLE)
def test_without_any_one_of_them_there_is_a_plan(name: str) -> None:
    """The set is irreducible: for each member a plan meets all the others."""
    instance, found = read(path(name)), explained(name)
    assert found.conflict is not None
    assert found.conflict.unconfirmed == []
    for member in found.conflict.held:
        others = {other: value for other, value in found.conflict.held.items() if other != member}
        asked = holding(instance, others)
        assert evaluate(asked, found.conflict.witnesses[member]).feasible
        assert best_plan(asked) is not None


@pytest.mark.parametrize("name", CONFLICTS)
def test_conflicts_are_what_the_instances_are_named_after(name: str) -> None:
    """The limits found are those that the instance was made to set against each other."""
    conflict = explained(f"infeasible/{name}").conflict
    assert conflict is not None
    assert {str(member) for member in conflict.held} == CONFLICTS[name]


def a_hair_less(instance: Instance, name: LimitName, value: Fraction) -> Fraction:
    """Return the next value below that any plan can have, by the definition of the metric."""
    if name.metric == "cost":
        return value - Fraction(1, instance.cost_scale)
    if name.metric == "pad_ratio":
        demand = instance.streams[name.stream or 0].demand
        tokens = token_budget(instance, value, demand.real_tokens)
        assert tokens is not None
        over = demand.real_tokens if instance.pad_over == "real" else tokens - 1
        return Fraction(tokens - 1 - demand.real_tokens, over)
    timed = name.metric == "total_time" or name.metric[1:].isdigit()
    return value - (Fraction(1, instance.time_scale) if timed else 1)


@pytest.mark.parametrize("name", LIMITED)
def test_relaxations_are_tight(name: str) -> None:
    """A plan meets the value named; a tick less is proven to be infeasible, and brute force agrees."""
    instance, found = read(path(name)), explained(name)
    assert found.conflict is not None
    assert [one.name for one in found.relaxations] == list(found.conflict.held)
    for one in found.relaxations:
        assert one.helps
        assert one.feasible_at is not None
        assert one.plan is not None
        assert evaluate(limited(instance, one.name, one.feasible_at), one.plan).feasible
        under = limited(instance, one.name, one.infeasible_at)
        assert proves(instance, one.certificate, under)
        assert best_plan(under) is None
        if (name, str(one.name)) != OPEN:
            assert one.tight
            # The limit itself may lie between what two plans can have.
            assert one.infeasible_at == max(one.value, a_hair_less(instance, one.name, one.feasible_at))


@pytest.mark.parametrize("name", LIMITED)
def test_compromises_exceed_the_limits_least(name: str) -> None:
    """The plan has the excess named, and there is none, proven and by brute force, with less."""
    instance, found = read(path(name)), explained(name).compromise
    assert found is not None
    own = named_limits(instance)
    enlarged = {limit: value * (1 + found.excess) for limit, value in own.items()}
    whole = {
        limit: Fraction(value // 1) if "max" in limit.metric else value for limit, value in enlarged.items()
    }
    assert evaluate(holding(instance, whole), found.plan).feasible
    if name == OPEN[0]:
        assert 0 < found.at_least < found.excess
        return
    assert found.tight
    assert found.certificate is not None
    about = found.certificate.question.about(instance)
    assert named_limits(about) == undercutting(Asking(instance, 1.0), found.excess)
    assert verify(about, found.certificate).status is Status.INFEASIBLE
    assert best_plan(about) is None


@pytest.mark.parametrize("name", UNCOVERED)
def test_uncovered_lengths_name_the_request_and_the_least_size(name: str) -> None:
    """With the size named there is a plan, and with one token less there is none."""
    instance, found = read(path(name)), explained(name)
    assert found.conflict is not None
    assert not found.conflict.held
    (cause,) = found.causes
    assert "r-4" in cause.request
    assert best_plan(covering(instance, cause, cause.needs)) is not None
    short = covering(instance, cause, cause.needs - 1)
    assert best_plan(short) is None
    assert first_plan(short, short, time_limit=5.0)[1] is not None


def test_uncovered_lengths_are_named_whatever_is_limited() -> None:
    """Limits beside a request that fits no shape are no part of the conflict."""
    limits = at_most(p50=1, pad_ratio="0.01", max_batch_tokens=1)
    instance = small("beside", two(FOUR, OTHERS, limits), shapes=ShapeSpace(Sizes(values=(8,))), max_shapes=1)
    found = explain(instance, time_limit=5.0)
    assert found.conflict is not None
    assert not found.conflict.held
    assert [(cause.kind, cause.needs, cause.number) for cause in found.causes] == [("prompt size", 28, 5)]


@pytest.mark.parametrize("name", ["memory-below-longest-request", "memory-below-empty-slots"])
def test_memory_names_the_request_that_does_not_fit_alone(name: str) -> None:
    """What the request needs is what the limit has to be, empty slots of the smallest batch included."""
    found = explained(f"infeasible/{name}")
    (cause,) = found.causes
    assert cause.kind == "memory"
    assert "r-4" in cause.request
    assert [one.feasible_at for one in found.relaxations] == [cause.needs]


def test_a_count_table_that_ends_too_soon_is_named() -> None:
    """The limit on padding could be kept if more shapes had a cost."""
    (cause,) = explained("infeasible/count-table-against-pad-ratio").causes
    assert (cause.kind, cause.has) == ("count table", 1)
    assert cause.needs > 1


def test_two_conflicts_are_not_mended_by_one_limit() -> None:
    """Where another conflict remains, that is proven instead of a value."""
    both = two(FOUR, OTHERS, at_most(pad_ratio="0.01"), at_most(pad_ratio="0.01"))
    instance = small("both", both, runs=REQUEST)
    found = explain(instance, time_limit=8.0)
    assert found.conflict is not None
    (relaxation,) = found.relaxations
    assert isinstance(relaxation, Relaxation)
    assert not relaxation.helps
    assert relaxation.feasible_at is None
    assert proves(instance, relaxation.certificate, limited(instance, relaxation.name, None))


@pytest.mark.parametrize("stream", [0, 1])
def test_a_proof_about_one_stream_holds_of_all(stream: int) -> None:
    """A floor of one stream alone is lifted to the instance, whichever stream it is."""
    limits = [at_most(), at_most()]
    limits[stream] = at_most(pad_ratio="0.01")
    instance = small("lifted", two(FOUR, OTHERS, *limits), runs=REQUEST, max_shapes=2)
    proof = next(floor_proofs(instance, instance, 5.0, 1, 0))
    assert proves(instance, proof, instance)
    wider = replace(proof, question=proof.question)
    free = limited(instance, LimitName("pad_ratio", stream), Fraction(3))
    assert verify(free, wider).status is Status.REJECTED


@pytest.mark.parametrize("stream", [0, 1])
def test_requests_that_are_late_alone_prove_a_percentile_infeasible(stream: int) -> None:
    """The median of each request's least latency is proven to be out of reach by a tick, and is in reach."""
    instance = small("late", two(FOUR, OTHERS), runs=REQUEST, time={"cold_start": Fraction(0)})
    alone = best_plan(replace(instance, limits=at_most(max_batch_size=1)))
    assert alone is not None
    least = evaluate(instance, alone.plan).streams[stream].latency["p50"]
    name = LimitName("p50", stream)
    for value, proofs in ((least, 0), (least - Fraction(1, instance.time_scale), 1)):
        asked = limited(instance, name, value)
        found = list(lateness_proofs(asked, form_batch_model(asked)))
        assert len(found) == proofs
        assert all(proves(asked, proof, asked) for proof in found)
        assert (best_plan(asked) is None) == bool(proofs)


SEEDS = [seed for seed in range(60) if best_plan(random_instance(seed, requests=3)) is None][:6]


@pytest.mark.parametrize("seed", SEEDS)
def test_random_conflicts_are_conflicts(seed: int) -> None:
    """Of random infeasible instances, the set named has no plan and any smaller one has, by brute force."""
    instance = random_instance(seed, requests=3)
    asking = Asking(instance, 6.0)
    first = asking.ask(asking.own)
    assert first.plan is None
    if first.certificate is None:
        # Completion times on several devices are bounded by a relaxation only.
        assert instance.latency == "completion"
        return
    conflict = find_conflict(asking, first.certificate)
    held = dict(conflict.held)
    assert proves(instance, conflict.certificate, holding(instance, held))
    assert best_plan(holding(instance, held)) is None
    for member in conflict.witnesses:
        others = {other: value for other, value in held.items() if other != member}
        assert best_plan(holding(instance, others)) is not None
