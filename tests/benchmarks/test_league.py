"""The law of the league, and the pages that its benchmark writes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.league.__main__ import main
from benchmarks.league.law import mistake, table, trial
from heuristics.attempt import Outcome, attempt
from heuristics.registry import HEURISTICS
from instances import catalog, read
from milp import Status, solve
from tests.heuristics import contenders


@pytest.mark.parametrize("seed", range(8))
def test_no_heuristic_beats_the_certified_bound(seed):
    """On random instances, a plan within limits costs at least the bound, and is never there if none is."""
    done = trial(seed, 5.0)
    assert done.failures == ()
    assert {*HEURISTICS} <= {name for name, _ in done.outcomes}


def test_a_plan_under_the_bound_would_be_noticed():
    """The law is one that can be broken: a bound over a plan's cost, and infeasibility beside a plan."""
    instance = read(catalog.path("tiny/max-shapes"))
    made, result = attempt(HEURISTICS["one-shape"], instance), solve(instance, time_limit=10)
    assert made.outcome is Outcome.WITHIN
    assert mistake(made, result) is None
    assert "under the certified bound" in mistake(made, replace(result, lower_bound=made.evaluation.cost + 1))
    assert "certified infeasible" in mistake(made, replace(result, status=Status.INFEASIBLE))
    assert mistake(attempt(contenders.failing, instance), result) == "ZeroDivisionError: division by zero"


def test_counts_are_of_every_contender():
    """The table has a row per heuristic, and ends with what was certified of the instances."""
    done = [trial(seed, 5.0) for seed in range(2)]
    lines = table(done).splitlines()
    assert {line.split(" | ")[0].removeprefix("| ") for line in lines} >= {*HEURISTICS}
    assert lines[-1].startswith("2 instances: ")
    assert lines[-1].endswith("; 0 failures")


def test_pages_of_a_family(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """One family alone has a table of its own beside that over all, CSV and a picture."""
    pytest.importorskip("matplotlib")
    chosen = ["tiny/p75", "tiny/max-shapes", "infeasible/prompt-not-covered"]
    monkeypatch.setattr(catalog, "names", lambda: chosen)
    out = tmp_path / "league.md"
    assert main(["--time-limit", "5", "--only", "tiny", "infeasible", "--out", str(out)]) == 0
    page = out.read_text(encoding="utf-8")
    assert "## Family tiny, 2 instances" in page
    assert "| greedy | 2 of 2 |" in page
    assert out.with_suffix(".csv").stat().st_size
    assert out.with_suffix(".png").read_bytes().startswith(b"\x89PNG")
