"""``batchproof simulate``: what it prints, writes and returns."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pandas as pd
import pytest

from heuristics.schedulers.batches import POLICIES
from heuristics.schedulers.predictors import PREDICTORS
from heuristics.schedulers.progress import SimulationProgress
from milp.cli.simulate import progress_text

GENERATED = ("--generate", "burstgpt-like", "--requests", "300", "--per-second", "5", "--devices", "2")

TRACE = "TIMESTAMP,ContextTokens,GeneratedTokens\n" + "".join(
    f"2023-11-16 18:15:{second:02}.5,{100 + 50 * second},{10 + second}\n" for second in range(30)
)


@pytest.fixture
def trace(batchproof) -> Path:
    """Return a trace file in the folder of the test."""
    path = Path("trace.csv")
    path.write_text(TRACE)
    return path


@pytest.mark.parametrize("policy", POLICIES)
def test_every_policy_runs(batchproof, policy):
    """The record has every request, the metrics, and no broken rule; a second run gives the same."""
    outcome = batchproof("simulate", *GENERATED, "--policy", policy, "--sla", "900", "--json")
    assert outcome.code == 0
    record = outcome.json
    assert record["status"] == "simulated"
    assert record["model"] == "batches"
    assert record["requests"] == 300
    assert record["broken_rules"] == []
    assert sum(group["requests"] for group in record["classes"].values()) == 300
    assert 0 < record["utilisation_float"] <= 1
    within = (300 - record["violations"]) * Fraction(record["throughput_per_s"]) / 300
    assert Fraction(record["goodput_per_s"]) == within
    again = batchproof("simulate", *GENERATED, "--policy", policy, "--sla", "900", "--json").json
    assert {**record, "runtime_s": 0} == {**again, "runtime_s": 0}


@pytest.mark.parametrize("predictor", PREDICTORS)
def test_every_predictor_runs(batchproof, predictor):
    """Predictions only change which bin a request waits in."""
    outcome = batchproof(
        "simulate", *GENERATED, "--policy", "multi-bin", "--bins", "3", "--predictor", predictor, "--json"
    )
    assert outcome.json["broken_rules"] == []
    assert len(outcome.json["bins"]) == (0 if predictor == "constant" else 3)


def test_one_bin_is_dynamic(batchproof):
    """`multi-bin --bins 1` and `dynamic` measure the same."""
    one, other = (
        batchproof("simulate", *GENERATED, "--sla", "700", *policy, "--json").json
        for policy in (("--policy", "dynamic"), ("--policy", "multi-bin", "--bins", "1"))
    )
    for key in ("latency_ns", "first_token_ns", "utilisation", "batch_size", "composition"):
        assert one[key] == other[key]


@pytest.mark.parametrize("ending", ["csv", "csv.gz", "parquet"])
def test_schedule_and_picture_are_written(batchproof, trace, ending):
    """A row per request, from which the metrics can be computed again; and a picture."""
    name = f"out.{ending}"
    record = batchproof(
        "simulate", trace, "--format", "azure", "--policy", "dynamic", "--sla", "500,1000",
        "--class-edges", "600", "-o", name, "--plot", "out.png", "--json",
    ).json  # fmt: skip
    assert record["files"] == {"schedule": name, "picture": "out.png"}
    rows = pd.read_parquet(name) if ending == "parquet" else pd.read_csv(name)
    assert len(rows) == 30
    latency = rows.completion_ns - rows.arrival_ns
    assert Fraction(record["latency_ns"]["mean"]) == Fraction(int(latency.sum()), 30)
    late = latency > rows.priority.map({0: 500 * 10**6, 1: 1000 * 10**6})
    assert record["violations"] == late.sum()
    assert Path("out.png").read_bytes().startswith(b"\x89PNG")


def test_tables_fit_a_narrow_terminal(batchproof, monkeypatch):
    """At 80 columns no number is cut, and every bin and class has its row."""
    monkeypatch.setenv("COLUMNS", "80")
    out = batchproof(
        "simulate", *GENERATED, "--policy", "multi-bin", "--class-edges", "100", "--sla", "9000"
    ).out
    assert "…" not in out
    for words in ("all kept", "bin 64–255", "class 1", "SLA violations", "max wait", "max/mean"):
        assert words in out


def test_devices_are_fitted_to_a_grid(batchproof):
    """The coefficients in the record are those of the grid, with R²."""
    rows = [(b, n, 5 + 0.5 * n * (1 + (b - 1) / b)) for b in (1, 2, 4) for n in (10, 20)]
    Path("grid.csv").write_text("batch,length,ms\n" + "".join(f"{b},{n},{t}\n" for b, n, t in rows))
    record = batchproof("simulate", *GENERATED, "--policy", "dynamic", "--fit", "grid.csv", "--json").json
    assert (record["alpha_ms"], record["beta_ms"], record["gamma"]) == (5, "1/2", 1)
    assert record["fit"]["r_squared_float"] == 1


def test_rate_and_memory(batchproof, trace):
    """Arrivals are scaled, and η comes from GB and kB."""
    common = ("simulate", trace, "--format", "azure", "--policy", "static-fifo", "--json")
    slow, fast = batchproof(*common), batchproof(*common, "--rate", "200", "--memory", "80,26,800")
    assert fast.json["memory_tokens"] == 67_500
    assert fast.json["batch_size"]["max"] == 8
    assert slow.json["batch_size"]["max"] < 8
    assert slow.json["rows_read"] == 30


def test_oversized_requests(batchproof, trace):
    """They are refused with their number, or dropped and counted."""
    common = ("simulate", trace, "--format", "azure", "--policy", "dynamic", "--memory", "1500", "--json")
    assert "found 2 of 30 with more, up to 1,589" in batchproof(*common).json["error"]
    assert batchproof(*common, "--drop-oversized").json["dropped_oversized"] == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "expected either a TRACE or --generate FAMILY"),
        (("trace.csv",), "expected --format with a TRACE"),
        (("trace.csv", "--format", "azure", "--per-second", "5"), "expected --generate with --per-second"),
        (("--generate", "zipf", "--requests", "5"), "expected --requests and --per-second with --generate"),
        ((*GENERATED, "--shape", "2", "--arrivals", "poisson"), "arrivals: expected gamma arrivals"),
        ((*GENERATED, "--rate", "0"), "rate: expected a positive rate, found 0"),
        ((*GENERATED, "--sla", "0"), "sla: expected latencies from 1 ns"),
        ((*GENERATED, "--sla", "a,b"), "expected a number such as"),
        ((*GENERATED, "--memory", "80,26"), "expected tokens as 100000, or GB,GB,kB"),
        ((*GENERATED, "--memory", "0"), "expected tokens as 100000, or GB,GB,kB"),
        ((*GENERATED, "--memory", "26,80,800"), "expected memory for at least one token"),
        ((*GENERATED, "--beta", "0"), "per_token > 0"),
        ((*GENERATED, "--fit", "trace.csv", "--alpha", "1"), "expected either --fit or --alpha"),
        ((*GENERATED, "--fit", "trace.csv"), "trace.csv, line 1, ms: expected a column"),
        ((*GENERATED, "--edges", "64", "--bins", "2"), "expected either --edges"),
        ((*GENERATED, "--policy", "multi-bin", "--edges", "64,64"), "edges: expected ascending edges"),
        ((*GENERATED, "--class-edges", "64,64"), "class edges: expected ascending edges"),
        ((*GENERATED, "-o", "out.txt"), "expected a file name ending in .csv"),
        ((*GENERATED, "--plot", "out.txt"), "expected a file name ending in png"),
        ((*GENERATED, "--policy", "none"), "expected one of static-fifo"),
        (("missing.csv", "--format", "azure"), "missing.csv"),
        ((*GENERATED, "--weights", "1,2"), "--weights: expected for the model rounds only, found batches"),
        ((*GENERATED, "--policy", "mc-sf", "--alpha", "9"), "--alpha: expected for the model batches only"),
        ((*GENERATED, "--policy", "fcfs", "--bin-choice", "round-robin"), "--bin-choice: expected for the"),
    ],
)
def test_bad_input_is_one_line(batchproof, trace, arguments, message):
    """Exit code 2 and one line that says what was expected; nothing is written."""
    outcome = batchproof("simulate", "--policy", "dynamic", *arguments)
    assert outcome.code == 2
    line = outcome.err.splitlines()[-1]
    assert line.startswith("batchproof: error: ")
    assert message in line
    assert [path.name for path in Path.cwd().iterdir()] == ["trace.csv"]


def test_progress_fits_a_line():
    """A million requests, half of them served, are told within 69 columns, which leaves room for the time."""
    text = progress_text(SimulationProgress(3.5, 500_000, 1_000_000, 86_400 * 10**9))
    assert text == "━━━━━━━━╌╌╌╌╌╌╌╌ 50 %, 500,000 of 1,000,000 requests, at 86,400 s"
    assert len(text) <= 69
