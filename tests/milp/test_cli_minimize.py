"""``--minimize`` as a user calls it: files beside each other, and each certificate verified on its own."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from milp.cli.main import main
from milp.cli.progress import shown_progress

INSTANCE = "tiny/max-shapes"


def answer(capsys: pytest.CaptureFixture[str], *args: str) -> tuple[int, dict]:  # type: ignore[type-arg]
    """Return the exit code and the record that a command prints."""
    code = main([*args, "--json"])
    return code, json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("metric", ["total_time", "batches", "p95"])
def test_each_certificate_says_what_it_is_about(
    metric: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The verdict of a metric's certificate, with the same instance, is the bound that was printed."""
    code, record = answer(capsys, "solve", INSTANCE, "--minimize", metric, "--out", str(tmp_path))
    assert code == 0
    assert record["minimized"] == metric
    assert record["status"] == "certified optimal"
    code, verdict = answer(capsys, "verify", INSTANCE, record["files"]["certificate"])
    if metric == "p95":
        assert verdict["status"] == "certified infeasible"
        assert list(verdict["question"]["limits"]) == ["p95:all"]
    else:
        assert code == 0
        assert verdict["question"] == {"minimize": metric, "limits": {}}
        assert verdict["lower_bound"] == record["value"] == verdict["value"]


def test_several_metrics_have_a_certificate_each(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The steps are in order, and the files of all are there."""
    code, record = answer(capsys, "solve", INSTANCE, "--minimize", "shapes,cost", "--out", str(tmp_path))
    assert code == 0
    assert [step["minimized"] for step in record["steps"]] == ["shapes", "cost"]
    assert set(record["files"]) == {"plan", "certificate", "certificate 1", "result"}
    for name in ("certificate", "certificate 1"):
        assert answer(capsys, "verify", INSTANCE, record["files"][name])[0] == 0


@pytest.mark.parametrize("metrics", ["speed", "cost,cost", "", "p0", "p101"])
def test_what_is_no_metric_is_refused(metrics: str, capsys: pytest.CaptureFixture[str]) -> None:
    """With exit code 2 and one line."""
    assert main(["solve", INSTANCE, "--minimize", metrics]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_what_a_solver_prints_does_not_reach_stdout(capfd: pytest.CaptureFixture[str]) -> None:
    """HiGHS writes lines to the process's own stdout now and then, which is for one JSON object."""
    with shown_progress():
        os.write(1, b"a line of a solver\n")
    os.write(1, b"the answer\n")
    said = capfd.readouterr()
    assert said.out == "the answer\n"
    assert said.err == "a line of a solver\n"
