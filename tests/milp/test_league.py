"""The league: rows for whatever may come of a heuristic, gaps against one certified bound, and the law."""

from __future__ import annotations

import os
import signal
import threading
import time
from dataclasses import replace
from fractions import Fraction

import pytest

from heuristics.attempt import Outcome
from heuristics.registry import HEURISTICS, run
from instances import InputError, Limits, catalog, evaluate, read
from instances.instance import Instance
from milp import Status, verify
from milp.league import EXACT_ROW, ONE_BY_ONE, LeagueProgress, Rules, run_league
from milp.league.frame import ALL, frame
from milp.league.summary import summaries
from tests.heuristics import contenders

HERE = Rules(time_limit=10, heuristic_limit=None)
TWO_STREAMS = "tiny/pad-ratio-all-streams"
INFEASIBLE = "infeasible/prompt-not-covered"


def bundled(name: str) -> Instance:
    """Return a bundled instance."""
    return read(catalog.path(name))


@pytest.fixture(scope="module")
def played():
    """Return the league over an instance of one stream, one of two, and an infeasible one."""
    return run_league([bundled("tiny/p75"), bundled(TWO_STREAMS), bundled(INFEASIBLE)], rules=HERE)


def test_every_heuristic_has_a_row_on_every_instance(played):
    """Nothing is left out, the solver's own plan and, with several streams, one by one included."""
    for one in played.standings:
        several = {ONE_BY_ONE} if len(one.instance.streams) > 1 else set()
        assert {row.name for row in one.rows} == {*HEURISTICS, EXACT_ROW, *several}
    assert played.complete


def test_gaps_are_those_of_the_definition(played):
    """A plan within limits has (cost − bound) / cost, exactly, and the bound is the certificate's."""
    for one in played.standings[:2]:
        assert one.result is not None
        assert one.lower_bound == verify(one.instance, one.result.certificate).lower_bound
        for row in (row for row in one.rows if row.within):
            cost = evaluate(one.instance, row.attempt.plan).cost
            assert row.gap == (cost - one.lower_bound) / cost
            assert row.gap >= 0


def test_a_plan_out_of_limits_has_violations_and_no_gap(played):
    """Its cost may be below the bound, so that a gap would say nothing; here one is."""
    rows = [row for row in played.standings[1].rows if row.outcome is Outcome.VIOLATES]
    assert rows
    assert all(row.violations and row.gap is None for row in rows)
    assert any(row.cost < played.standings[1].lower_bound for row in rows)


def test_rows_come_best_first(played):
    """Gaps ascend, rows without one follow, and the proven plan leads among equals."""
    for one in played.standings[:2]:
        gaps = [row.gap for row in one.rows if row.gap is not None]
        assert gaps == sorted(gaps)
        assert all(row.gap is not None for row in one.rows[: len(gaps)])
        assert one.rows[0].name == EXACT_ROW


def test_an_infeasible_instance_is_proven_and_has_no_plan_within_limits(played):
    """The solver's row says why it has no plan."""
    last = played.standings[2]
    assert last.infeasible
    assert not any(row.within for row in last.rows)
    exact = next(row for row in last.rows if row.name == EXACT_ROW)
    assert exact.attempt.reason == Status.INFEASIBLE.value


def test_summaries_leave_infeasible_instances_out(played):
    """Means and counts are over what could be planned; nobody is blamed for the impossible."""
    found = {summary.name: summary for summary in summaries(played)}
    assert {summary.instances for name, summary in found.items() if name != ONE_BY_ONE} == {2}
    exact = found[EXACT_ROW]
    assert (exact.within, exact.optimal, exact.mean_gap, exact.worst_gap) == (2, 2, 0, 0)
    greedy = found["greedy"]
    assert greedy.mean_gap == sum(greedy.gaps) / len(greedy.gaps)
    assert next(iter(summaries(played))).name == EXACT_ROW


def test_heuristics_that_misbehave_are_rows(monkeypatch):
    """One hangs and one raises, each in its child process, and the others play on."""
    monkeypatch.setitem(HEURISTICS, "sleeping", contenders.sleeping)
    monkeypatch.setitem(HEURISTICS, "failing", contenders.failing)
    names = ["sleeping", "failing", "one-per-batch"]
    rules = Rules(time_limit=5, heuristic_limit=4)
    (one,) = run_league([bundled("tiny/p75")], names, rules=rules).standings
    outcomes = {row.name: row.outcome for row in one.rows if row.source == "heuristic"}
    assert outcomes == {
        "sleeping": Outcome.OUT_OF_TIME,
        "failing": Outcome.FAILED,
        "one-per-batch": Outcome.WITHIN,
    }


def test_streams_one_by_one_is_optimal_where_streams_share_nothing():
    """Without limits or costs over all streams the mistake is none: the costs are those of the optimum."""
    (one,) = run_league([bundled("tiny/max-batch-tokens-all-streams")], [], rules=HERE).standings
    assert {row.name: row.gap for row in one.rows} == {EXACT_ROW: 0, ONE_BY_ONE: 0}


def test_streams_one_by_one_misses_what_only_the_whole_pays():
    """With shapes shared by two streams it costs more; a limit over all streams it does not even see."""
    shared, limited = bundled("tiny/two-streams-share-shapes"), bundled(TWO_STREAMS)
    shared_rows, limited_rows = (
        {row.name: row for row in one.rows} for one in run_league([shared, limited], [], rules=HERE).standings
    )
    assert shared_rows[ONE_BY_ONE].gap > 0
    assert [violation.kind for violation in limited_rows[ONE_BY_ONE].violations] == ["pad_ratio"]


def test_streams_one_by_one_moves_into_opened_shapes_when_the_budget_is_used_up():
    """With one shape for two streams, the second runs in the first one's if it fits, and says so if not."""
    instance = replace(bundled("tiny/two-streams-share-shapes"), max_shapes=1)
    longest = [int(stream.demand.prompt.max()) for stream in instance.streams]
    first_longest = (
        instance if longest[0] >= longest[1] else replace(instance, streams=instance.streams[::-1])
    )
    fits = _one_by_one(first_longest)
    assert fits.within
    assert len(fits.attempt.plan.shapes) == 1
    too_long = _one_by_one(replace(first_longest, streams=first_longest.streams[::-1]))
    assert too_long.outcome is Outcome.NO_PLAN
    assert "all 1 shapes are opened by earlier streams" in too_long.attempt.reason


def _one_by_one(instance: Instance):
    (one,) = run_league([instance], [], rules=HERE).standings
    return next(row for row in one.rows if row.name == ONE_BY_ONE)


def test_plans_from_elsewhere_join(tmp_path):
    """A plan that is optimal has the gap 0, one of another instance is no plan at all."""
    instance = bundled("tiny/p75")
    optimal = run_league([instance], [], rules=HERE).standings[0].rows[0].attempt.plan
    foreign = run("one-shape", bundled("tiny/max-shapes")).plan
    (one,) = run_league([instance], [], rules=HERE, plans={"mine": optimal, "other": foreign}).standings
    rows = {row.name: row for row in one.rows}
    assert rows["mine"].gap == 0
    assert rows["other"].gap is None or rows["other"].within


def test_bad_arguments_are_refused_before_anything_runs():
    """Unknown heuristics, equal names and plans for several instances are named."""
    one, other = bundled("tiny/p75"), bundled("tiny/max-shapes")
    plan = run("one-shape", one).plan
    for instances, names, plans, words in (
        ([one], ["best"], {}, "found best"),
        ([one, one], [], {}, "p75 twice"),
        ([one, other], [], {"mine": plan}, "2 instances"),
        ([one], [], {EXACT_ROW: plan}, "found exact"),
    ):
        with pytest.raises(InputError, match=words):
            run_league(instances, names, rules=HERE, plans=plans)


def test_ctrl_c_keeps_the_rows_that_are_done(monkeypatch):
    """The heuristic that was running is dropped, with what would have followed it."""
    monkeypatch.setitem(HEURISTICS, "sleeping", contenders.sleeping)
    names = ["one-per-batch", "sleeping", "one-shape"]

    def press(progress: LeagueProgress) -> None:
        if progress.name == "sleeping":
            threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()

    begin = time.monotonic()
    league = run_league([bundled("tiny/p75"), bundled("tiny/max-shapes")], names, progress=press)
    assert time.monotonic() - begin < 30
    assert not league.complete
    assert [[row.name for row in one.rows] for one in league.standings] == [["one-per-batch"]]
    assert league.standings[0].lower_bound is None


def test_the_frame_is_exact_text_with_floats_beside_it(played):
    """A notebook can compute with either; streams have rows of their own where there are several."""
    table = frame(played)
    whole = table[table.stream == ALL]
    assert len(whole) == sum(len(one.rows) for one in played.standings)
    whole = whole.dropna(subset="cost")
    assert len(whole)
    for text, near in zip(whole.cost, whole.cost_float, strict=True):
        assert float(Fraction(text)) == near
    parts = table[(table.stream != ALL) & (table.name == EXACT_ROW)]
    assert parts.stream.tolist() == [stream.name for stream in played.standings[1].instance.streams]


def test_limits_over_all_streams_reach_single_streams_where_they_are_on_a_batch():
    """A cap on every batch binds the streams alone as well, so that the joined plan keeps to it."""
    instance = bundled(TWO_STREAMS)
    capped = replace(instance, limits=Limits(max_batch_size=1))
    assert _one_by_one(capped).within
