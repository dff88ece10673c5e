"""Trade-off curves: no plan lies in the proven region, and whole numbers are as brute force has them."""

from __future__ import annotations

import csv
import json
import signal
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from instances import InputError, catalog, evaluate, read
from instances.instance import Instance
from instances.named_limits import LimitName, limited, named_limits, without_limits
from instances.question import Question
from milp import Progress, Result, Status, minimize, read_certificate, verify
from milp.pareto import Curve, Line, trace
from milp.pareto.area import corners, undecided_share
from milp.pareto.spacing import equal_steps
from tests.oracle import best_plan
from tests.strategies import random_instance, random_plan

SEEDS = range(5)
PAIRS = (("total_time", "cost"), ("pad_ratio", "cost"), ("cost", "total_time"), ("batches", "pad_ratio"))
FIRST = "tiny/pad-ratio-real"


@cache
def traced(seed: int, x: str, y: str) -> Curve:
    """Return a curve of the tiny instance of a seed, with few points so that much is left between them."""
    return trace(random_instance(seed, requests=4), x, y, points=4, time_limit=8.0, gap=0.0)


def least_cost(instance: Instance, x: LimitName, most: Fraction) -> Fraction | None:
    """Return the least cost with one limit, by brute force."""
    own = named_limits(instance).get(x, most)
    best = best_plan(limited(instance, x, min(own, most)))
    return None if best is None else best.cost


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("metric", ["shapes", "batches"])
def test_every_whole_number_is_as_brute_force_has_it(seed: int, metric: str) -> None:
    """Proven ≤ least cost ≤ reached at every number; on one device all three are one."""
    instance = random_instance(seed, requests=4)
    curve = trace(instance, metric, "cost", points=6, time_limit=20.0, gap=0.0)
    relaxed = instance.latency == "completion" and instance.workers > 1
    for number in range(1, 6):
        most = Fraction(number)
        least, reached, bound = (
            least_cost(instance, curve.x.limit, most),
            curve.reachable(most),
            curve.bound(most),
        )
        if least is None:
            assert reached is None
            continue
        assert not curve.unreachable(most, least)
        assert bound is None or bound <= least
        assert reached == least or relaxed
        assert bound == least or relaxed


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("x", "y"), PAIRS)
def test_no_plan_lies_in_the_proven_region(seed: int, x: str, y: str) -> None:
    """Neither random plans nor, against cost, the best one for any limit on x that could be asked about."""
    curve = traced(seed, x, y)
    instance = curve.instance
    plans = [plan for k in range(20) if (plan := random_plan(instance, k)) is not None]
    if y == "cost":
        for most in corners(curve) + [curve.x.below(a * Fraction(99, 100)) for a, _ in curve.front]:
            best = best_plan(curve.question(most).about(instance)) if most >= 0 else None
            plans += [] if best is None else [best.plan]
    for plan in plans:
        found = evaluate(instance, plan)
        if found.feasible:
            here = curve.x.value(plan, found), curve.y.value(plan, found)
            assert not curve.unreachable(*here), f"{here} is reachable"


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("x", "y"), PAIRS)
def test_every_proof_holds_and_no_plan_found_lies_below_it(seed: int, x: str, y: str) -> None:
    """The verifier accepts each certificate for the question that it names; plans keep to x ≤ most."""
    curve = traced(seed, x, y)
    for point in curve.points:
        certificate = point.result.certificate
        assert certificate is not None
        assert verify(certificate.question.about(curve.instance), certificate).certified
        assert point.x is None or point.most is None or point.x <= point.most
    for a, b in curve.front:
        assert not curve.unreachable(a, b)
    share = undecided_share(curve)
    assert share is None or 0 <= share <= 1


def test_a_line_bounds_plans_far_from_its_point() -> None:
    """No least cost at limits that were never asked about is below a line, and lines come near to them."""
    instance = without_limits(read(catalog.path(FIRST)))
    curve = trace(instance, "pad_ratio", "cost", points=5, time_limit=20.0)
    assert curve.lines
    assert any(line.slope < 0 for line in curve.lines)
    (left, _), (right, _) = curve.front[0], curve.front[-1]
    tightest = []
    for most in equal_steps(curve.x, left, right, 7):
        least = least_cost(instance, curve.x.limit, most)
        assert least is not None
        bounds = [line.at(most) for line in curve.lines]
        assert max(bounds) <= least
        tightest.append(max(bounds) / least)
    assert max(tightest) > Fraction(9, 10)


def test_a_line_that_is_too_high_is_noticed() -> None:
    """The region grows with a line: the test above would fail with one that is not proven."""
    curve = traced(0, "pad_ratio", "cost")
    x, y = curve.front[0]
    high = Line(y + 1, Fraction(0))
    points = tuple(type(p)(p.most, p.result, p.x, p.y, high) for p in curve.points)
    assert Curve(curve.instance, curve.x, curve.y, points=points).unreachable(x, y)


def test_limits_on_the_axes_narrow_the_range_unless_they_are_left_out() -> None:
    """With its limits the curve ends at the limit on x; without them it goes on to the least y there is."""
    instance = read(catalog.path(FIRST))
    limit = named_limits(instance)[LimitName("pad_ratio", 0)]
    kept = trace(instance, "pad_ratio", "cost", points=4, time_limit=20.0)
    free = trace(instance, "pad_ratio", "cost", points=4, time_limit=20.0, without_limits=True)
    assert kept.front[-1][0] <= limit < free.front[-1][0]
    assert free.front[-1][1] < kept.front[-1][1]
    assert free.dropped == (LimitName("pad_ratio", 0),)


def test_the_range_is_what_was_asked_for() -> None:
    """No plan has more x than the stop, and the start is a point."""
    instance = read(catalog.path(FIRST))
    start, stop = Fraction(15, 100), Fraction(30, 100)
    curve = trace(instance, "pad_ratio", "cost", points=4, start=start, stop=stop, without_limits=True)
    assert curve.points[0].most == curve.x.below(start)
    assert curve.points[-1].most == curve.x.below(stop)


@pytest.mark.parametrize("metric", ["cost", "total_time", "pad_ratio", "batches", "p75"])
def test_values_of_an_axis_are_next_to_each_other(metric: str) -> None:
    """Between a value that a plan may have and the next one there is none."""
    curve = trace(random_instance(3, requests=4), metric, "shapes", points=1, time_limit=2.0)
    value = curve.x.below(Fraction(7, 3))
    over = curve.x.above(value)
    assert value <= Fraction(7, 3) < over
    assert curve.x.below(over) == over
    assert curve.x.below((value + over) / 2) == value
    assert curve.x.above((value + over) / 2) == over


def test_an_interrupt_keeps_the_points_so_far() -> None:
    """After Ctrl-C at the second point no third is begun, and what was found is returned."""
    begun: list[str] = []

    def interrupt(step: str, progress: Progress) -> None:
        if step not in begun:
            begun.append(step)
            if len(begun) == 2:
                signal.raise_signal(signal.SIGINT)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        curve = trace(read(catalog.path(FIRST)), "total_time", "cost", time_limit=60.0, progress=interrupt)
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)
    assert len(begun) == 2
    assert len(curve.front) >= 1


def test_a_percentile_can_be_either_axis() -> None:
    """What is reached on one curve is not proven unreachable on the curve with the axes exchanged."""
    instance = read(catalog.path("tiny/p75"))
    settings: dict[str, Any] = {"points": 4, "time_limit": 6.0, "without_limits": True}
    upright = trace(instance, "p75", "batches", **settings)
    across = trace(instance, "batches", "p75", **settings)
    assert len(across.front) > 1
    assert all(not across.unreachable(b, a) for a, b in upright.front)
    assert all(not upright.unreachable(b, a) for a, b in across.front)


def test_points_that_stay_open_are_asked_about_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """With searches that end too early the first time, all points are closed in the end, each kept once."""
    asked: list[Question] = []

    def hasty(instance: Instance, metric: str, *, question: Question, gap: float, **settings: Any) -> Result:
        again = question in asked
        asked.append(question)
        return minimize(instance, metric, question=question, gap=gap if again else 1.0, **settings)

    monkeypatch.setattr("milp.pareto.search.minimize", hasty)
    curve = trace(read(catalog.path(FIRST)), "pad_ratio", "cost", points=3, time_limit=60.0)
    assert len({point.most for point in curve.points}) == len(curve.points)
    assert all(row.gap is not None and row.gap <= 1e-4 for row in curve.rows())


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ({"x": "cost", "y": "cost"}, "two metrics"),
        ({"x": "cost", "y": "speed"}, "speed"),
        ({"x": "cost", "y": "shapes", "start": Fraction(2), "stop": Fraction(1)}, "below the stop"),
    ],
)
def test_questions_without_sense_are_refused(settings: dict[str, Any], word: str) -> None:
    """In one line, before anything is searched."""
    with pytest.raises(InputError, match=word):
        trace(read(catalog.path(FIRST)), **settings)


def test_the_command_writes_what_it_says(batchproof) -> None:
    """Picture, table, plans and certificates are there; the certificates are accepted."""
    pytest.importorskip("matplotlib")
    words = ("--x", "pad_ratio", "--y", "cost", "--points", "2", "--plot", "a.png", "--csv", "a.csv")
    outcome = batchproof("pareto", FIRST, *words, "--out", "proofs", "--json")
    assert outcome.code == 0, outcome.err
    record = outcome.json
    assert json.loads(Path(record["files"]["result"]).read_text())["plans"] == record["plans"]
    assert Path("a.png").read_bytes().startswith(b"\x89PNG")
    with Path("a.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert sum(row["on_front"] == "True" for row in rows) >= len(record["plans"]) > 0
    proofs = list(Path("proofs").glob("*.certificate.json.gz"))
    assert len(proofs) == len(rows)
    instance = read(catalog.path(FIRST))
    for path in proofs:
        certificate = read_certificate(path)
        assert verify(certificate.question.about(instance), certificate).certified


def test_the_command_refuses_bad_input_in_one_line(batchproof) -> None:
    """Unknown metrics, equal ones, and pictures of no known format; nothing is searched or written."""
    for words in (
        ("--x", "speed", "--y", "cost"),
        ("--x", "cost", "--y", "cost"),
        ("--x", "pad_ratio", "--y", "cost", "--plot", "a.gif"),
        ("--x", "pad_ratio", "--y", "cost", "--from", "0.3", "--to", "0.2"),
    ):
        outcome = batchproof("pareto", FIRST, *words)
        assert outcome.code == 2
        assert len(outcome.err.strip().splitlines()) == 1
    assert not list(Path().iterdir())


def test_a_stop_below_the_least_x_is_proven_to_be_one() -> None:
    """There is no plan, and nothing up to the stop is reachable."""
    stop = Fraction(1, 100)
    curve = trace(read(catalog.path(FIRST)), "pad_ratio", "cost", stop=stop, time_limit=20.0)
    assert curve.status is Status.INFEASIBLE
    assert curve.unreachable(stop, Fraction(10**30))
    assert not curve.unreachable(Fraction(1), Fraction(10**30))


def test_an_infeasible_instance_is_said_to_be(batchproof) -> None:
    """Exit code 3, and no plans."""
    name = next(name for name in catalog.names() if name.startswith("infeasible/"))
    outcome = batchproof("pareto", name, "--x", "batches", "--y", "cost", "--json")
    assert outcome.code == 3
    assert outcome.json["status"] == "certified infeasible"
    assert outcome.json["plans"] == []
