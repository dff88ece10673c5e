"""``hindsight`` as a user calls it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from milp.cli.main import main

TRAFFIC = ("--generate", "lognormal", "--requests", "300", "--per-second", "20")


def answer(capsys: pytest.CaptureFixture[str], *args: str) -> tuple[int, dict]:  # type: ignore[type-arg]
    """Return the exit code and the record that the command prints."""
    code = main(["hindsight", *TRAFFIC, *args, "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_a_written_certificate_is_verified(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By the same command with the same trace; with other devices it is rejected, and the exit code is 1."""
    path = tmp_path / "h.json.gz"
    code, found = answer(capsys, "--sla", "1500", "--percentiles", "p90", "-o", str(path))
    assert code == 0
    assert found["status"] == "certified bound"
    assert [bound["objective"] for bound in found["bounds"]] == [
        "device_time",
        "makespan",
        "mean_latency",
        "violations",
        "p90",
    ]
    code, verified = answer(capsys, "--sla", "1500", "--verify", str(path))
    assert code == 0
    assert verified["bounds"] == found["bounds"]
    code, other = answer(capsys, "--sla", "1500", "--devices", "2", "--verify", str(path))
    assert code == 1
    assert other["status"] == "rejected"
    assert other["bounds"] == other["claims"] == []


def test_tables_name_every_objective(capsys: pytest.CaptureFixture[str]) -> None:
    """Violations are bounded only if a latency is promised."""
    assert main(["hindsight", *TRAFFIC]) == 0
    printed = capsys.readouterr().out
    for word in ("certified bound", "device time", "makespan", "mean latency", "p99 latency"):
        assert word in printed
    assert "violations" not in printed


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("-o", "a.json", "--verify", __file__), "either -o or --verify"),
        (("--verify", __file__), "expected object"),
        (("--percentiles", "p0"), "percentile"),
        (("--memory", "100"), "100 tokens"),
    ],
)
def test_bad_input_is_one_line(
    args: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """With exit code 2."""
    assert main(["hindsight", *TRAFFIC, *args]) == 2
    error = capsys.readouterr().err.strip()
    assert message in error
    assert "\n" not in error
