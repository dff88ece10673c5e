"""Demand of any size, and the runs on it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.azure import write_azure
from benchmarks.reference import AZURE
from benchmarks.scaling.__main__ import main
from benchmarks.scaling.child import PROBLEMS, read, run
from benchmarks.scaling.demand import resampled, write_demand


@pytest.fixture
def traces(tmp_path: Path) -> Path:
    """Return a folder with a short trace where the Azure trace would be."""
    source = tmp_path / "data" / AZURE
    source.parent.mkdir(parents=True)
    lengths = np.arange(1, 301, dtype=np.int64)
    write_azure(source, 7 * lengths, lengths, np.random.default_rng(0))
    return tmp_path / "data"


def test_demand_is_drawn_within_the_jitter(traces: Path) -> None:
    """Every length drawn is within ten percent of one of the trace, at least 1, and drawn again the same."""
    prompt, gen = resampled(traces / AZURE, 5000)
    again = resampled(traces / AZURE, 5000)
    assert (prompt == again[0]).all()
    assert (gen == again[1]).all()
    assert prompt.min() >= 1
    assert gen.min() >= 1
    # Prompt and gen of one request stem from one row, where they are as 7 to 1.
    assert (prompt <= 7 * 1.1 * (gen + 0.5) / 0.9 + 0.5).all()
    assert (prompt + 0.5 >= 7 * 0.9 * (gen - 0.5) / 1.1).all()
    assert len(np.unique(gen)) > 250


@pytest.mark.parametrize("problem", PROBLEMS)
def test_histogram_has_the_support_of_the_trace(traces: Path, tmp_path: Path, problem: str) -> None:
    """A histogram of a thousand times the requests has the same lengths with a thousand times the counts."""
    trace = read(write_demand(tmp_path, traces / AZURE, 200, False), problem)
    histogram = read(write_demand(tmp_path, traces / AZURE, 200_000, True), problem)
    few, many = trace.streams[0].demand, histogram.streams[0].demand
    assert (few.prompt == many.prompt).all()
    assert (few.gen == many.gen).all()
    assert (1000 * few.count == many.count).all()


def test_phases_add_up(traces: Path, tmp_path: Path) -> None:
    """The phases of a run last no longer than the run, and next to nothing is left over."""
    told = run(write_demand(tmp_path, traces / AZURE, 200, False), "token 64×32, 20000·n²", 10, 0)
    assert told["status"] == "certified optimal"
    assert told["seconds"] - 0.5 < sum(told["phases"].values()) <= told["seconds"]


def test_runs_are_recorded_and_not_repeated(traces: Path, tmp_path: Path) -> None:
    """A run in a fresh process ends in the table, and `--resume` does not run it again."""
    out = tmp_path / "scaling.md"
    words = ["--data", str(traces), "--only", "token 64×32, 20000·n², 10³", "--out", str(out)]
    main(words)
    first = out.with_suffix(".jsonl").read_text("utf-8")
    main([*words, "--resume"])
    assert out.with_suffix(".jsonl").read_text("utf-8") == first
    assert "certified optimal" in out.read_text("utf-8")
