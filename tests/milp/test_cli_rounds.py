"""``batchproof simulate`` with the policies of model B."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from heuristics.schedulers.rounds import POLICIES
from tests.conftest import Run

TRAFFIC = ("--generate", "burstgpt-like", "--requests", "120", "--per-second", "8")
CLASSES = ("--class-shares", "20,30,50", "--sla", "9000,20000,60000")


@pytest.mark.parametrize("name", POLICIES)
def test_every_policy(batchproof: Run, name: str) -> None:
    """Each serves everybody, keeps all rules, and says what devices it ran on."""
    got = batchproof("simulate", *TRAFFIC, *CLASSES, "--policy", name, "--devices", "2", "--json")
    assert got.code == 0, got.err
    assert got.json["model"] == "rounds"
    assert got.json["broken_rules"] == []
    assert sum(one["requests"] for one in got.json["classes"].values()) == 120
    assert got.json["round_ms"] == 10
    assert got.json["held_ms"] == "1/10000"


def test_the_options_reach_the_scheduler(batchproof: Run) -> None:
    """Switching off parts of the scheduler, another device and wrong predictions change the outcome."""
    load = ("--per-second", "40", "--max-batch", "8", "--memory", "9000")
    base = (*TRAFFIC[:-2], *load, *CLASSES, "--policy", "priority", "--json")
    outcomes = {
        batchproof("simulate", *base, *more).json["latency_ns"]["mean"]
        for more in (
            (),
            ("--preempt-below", "0"),
            ("--boost-after", "0"),
            ("--weights", "1,1,98"),
            ("--round-ms", "20"),
            ("--prefill-ms", "0.1"),
            ("--request-ms", "1"),
            ("--held-ms", "0.001"),
            ("--predictor", "constant", "--predicted-gen", "40"),
        )
    }
    assert len(outcomes) == 9


def test_the_p99_that_the_batch_size_follows(batchproof: Run) -> None:
    """While a queue grows, P99 with the wait shrinks batches and P99 without it does not."""
    traffic = ("--generate", "burstgpt-like", "--requests", "1500", "--per-second", "60")
    base = ("simulate", *traffic, "--policy", "priority", "--sla", "30000", "--json")
    with_wait, without = (
        batchproof(*base, "--p99-of", what).json["batch_size"]["mean_float"]
        for what in ("latency", "service")
    )
    assert with_wait < without


def test_rows(batchproof: Run, tmp_path: Path) -> None:
    """The table has a row per request, and runs and waits add up to latencies."""
    out = tmp_path / "rows.csv"
    got = batchproof("simulate", *TRAFFIC, *CLASSES, "--policy", "priority", "-o", out)
    assert got.code == 0, got.err
    assert "rounds of 10 ms + 0.03 ms per prefilled token" in " ".join(got.out.split())
    rows = list(csv.DictReader(out.read_text(encoding="utf-8").splitlines()))
    assert len(rows) == 120
    for row in rows:
        assert int(row["start_ns"]) < int(row["first_token_ns"]) <= int(row["completion_ns"])
        latency = int(row["completion_ns"]) - int(row["start_ns"])
        assert int(row["run_ns"]) == latency or int(row["preemptions"]) > 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--memory", "300"), "requests of at most 300 tokens"),
        (("--round-ms", "0", "--request-ms", "0"), "a round that takes time"),
        (("--class-shares", "0,0"), "shares of at least 0, not all 0"),
        (("--class-shares", "1,2", "--class-edges", "9"), "either --class-edges or --class-shares"),
        (("--weights", "7,0"), "--weights"),
    ],
)
def test_bad_input(batchproof: Run, options: tuple[str, ...], message: str) -> None:
    """One line on stderr, exit code 2."""
    got = batchproof("simulate", *TRAFFIC, "--policy", "priority", *options)
    assert got.code == 2
    assert message in got.err
    assert len(got.err.strip().splitlines()) == 1
