"""``batchproof grid``: what it prints, writes and returns."""

from __future__ import annotations

from pathlib import Path

INSTANCE = "catalog:tiny/pad-ratio-real"


def test_best_plan_is_written_and_feasible(batchproof):
    """The plan file is that of the best configuration: `evaluate` finds the same cost."""
    record = batchproof("grid", INSTANCE, "--log", "g.jsonl", "-o", "p.jsonl", "--json").json
    assert record["status"] == "feasible"
    assert record["complete"]
    assert record["tested"] == record["configurations"]
    assert record["files"] == {"log": "g.jsonl", "plan": "p.jsonl"}
    assert record["best"][0]["cost"] == record["cost"]
    assert batchproof("evaluate", INSTANCE, "p.jsonl", "--json").json["cost"] == record["cost"]


def test_second_run_tests_nothing(batchproof):
    """With the log of a finished run, everything is known."""
    batchproof("grid", INSTANCE, "--log", "g.jsonl")
    outcome = batchproof("grid", INSTANCE, "--log", "g.jsonl")
    assert outcome.code == 0
    assert "all of them known, 0 tested now" in outcome.out
    assert "wrote log" in outcome.out


def test_table_fits_a_narrow_terminal(batchproof, monkeypatch):
    """At 80 columns no number is cut."""
    monkeypatch.setenv("COLUMNS", "80")
    outcome = batchproof("grid", "catalog:static-graph/two-streams-limits-300", "--time-limit", "0.3")
    assert "…" not in outcome.out
    assert "configurations" in outcome.err


def test_a_best_plan_that_breaks_limits_is_exit_code_1(batchproof):
    """Where no configuration keeps to the limits the best is still written, and the code says so."""
    outcome = batchproof("grid", "infeasible/pad-ratio-below-floor", "-o", "p.jsonl", "--json")
    assert outcome.code == 1
    assert outcome.json["status"] == "violated"
    assert Path("p.jsonl").exists()


def test_no_plan_is_exit_code_4(batchproof):
    """Where no configuration has a plan nothing is written."""
    outcome = batchproof("grid", "infeasible/memory-below-longest-request", "-o", "p.jsonl")
    assert outcome.code == 4
    assert "no plan found" in outcome.out
    assert not Path("p.jsonl").exists()


def test_foreign_log_is_bad_input(batchproof):
    """A log of another instance is refused in one line."""
    batchproof("grid", INSTANCE, "--log", "g.jsonl")
    outcome = batchproof("grid", "catalog:tiny/max-shapes", "--log", "g.jsonl")
    assert outcome.code == 2
    assert outcome.err.splitlines()[-1].startswith("batchproof: error: g.jsonl, line 1: expected a log of")
