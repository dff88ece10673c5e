"""Whole runs: every outcome is recorded, nothing is lost by a kill, and nothing is done twice."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from milp.results import recheck
from milp.results.record import Outcome
from milp.results.store import Store
from tests.milp.runs import EXPECTED, OPTIONS, ROOT, fill, kill, start


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, subprocess.CompletedProcess[str]]:
    """Return a folder, the store of a run over it, and what the run printed."""
    place = tmp_path_factory.mktemp("batch")
    folder, store = fill(place / "folder"), place / "store"
    command = [sys.executable, "-m", "milp", "batch", str(folder), "--out", str(store), *OPTIONS, "--json"]
    return folder, store, subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def outcomes(store: Path) -> dict[str, str]:
    """Return what became of every file."""
    return {Path(r.source).name: r.status or r.outcome.value for r in Store(store).records()}


def test_every_outcome_is_recorded(finished: tuple[Path, Path, Any]) -> None:
    """A bad file, an instance without a plan and one that does not end are outcomes, and stop nothing."""
    _, store, ran = finished
    assert outcomes(store) == EXPECTED
    assert ran.returncode == 1
    assert "Traceback" not in ran.stderr
    summary = json.loads(ran.stdout)
    assert {Path(one["source"]).name for one in summary["failed"]} == {"cut-off.json", "completion-60.json"}
    assert (summary["files"], summary["solved"], summary["repeated"]) == (8, 7, 1)


def test_what_is_recorded_is_verified(finished: tuple[Path, Path, Any]) -> None:
    """Every finished record has a certificate, a plan unless there is none, a trace, and holds."""
    _, store, _ = finished
    assert [one.reason for one in recheck(store)] == [None] * len(EXPECTED)
    for record in Store(store).records():
        if record.outcome is not Outcome.FINISHED:
            continue
        assert record.certificate is not None
        assert (record.plan is None) == (record.cost is None)
        assert record.trace[-1].incumbent == record.cost
        assert record.versions["batchproof"] == record.version
        assert record.evaluation.get("cost_parts") is not None or record.cost is None
    best = json.loads((store / "best.json").read_text())
    assert len(best) == 5


def test_progress_is_plain_lines(finished: tuple[Path, Path, Any]) -> None:
    """Where stderr is no terminal, it has a line for every end, with what became of the job."""
    _, _, ran = finished
    lines = [line for line in ran.stderr.splitlines() if "[" in line]
    assert len(lines) == len(EXPECTED)
    assert re.search(r"\[\d/7\] decimals: certified optimal, cost .*, gap 0 %", ran.stderr)
    assert "completion-60: out of time: stopped after 8 s" in ran.stderr


def test_the_results_are_a_table(finished: tuple[Path, Path, Any], batchproof: Any) -> None:
    """`table` has a row for every record, in Markdown on stdout and in files."""
    _, store, _ = finished
    shown = batchproof("table", store)
    assert shown.code == 0
    rows = shown.out.splitlines()
    assert len(rows) == len(EXPECTED) + 2
    assert any(row.startswith("| decimals | exact | ") and "certified optimal" in row for row in rows)
    assert batchproof("table", store, "-o", "all.csv", "-o", "all.html").code == 0
    assert len(Path("all.csv").read_text().splitlines()) == len(EXPECTED) + 1
    assert Path("all.html").read_text().count("<tr>") == len(EXPECTED) + 1
    rows = batchproof("table", store, "--json").json["results"]
    assert {row["outcome"] for row in rows} == {"finished", "bad input", "out of time"}


def test_a_second_run_repeats_nothing(finished: tuple[Path, Path, Any], batchproof: Any) -> None:
    """Started again, only files that cannot be read are looked at again; no record changes but theirs."""
    folder, store, _ = finished
    before = {path.name: path.read_bytes() for path in (store / "records").iterdir()}
    again = batchproof("batch", folder, "--out", store, *OPTIONS, "--json")
    assert again.code == 1
    assert again.json["known_already"] == len(EXPECTED) - 1
    assert {path.name: path.read_bytes() for path in (store / "records").iterdir()} == before


def test_what_was_damaged_is_made_again(finished: tuple[Path, Path, Any], tmp_path: Path) -> None:
    """A certificate that was changed and a record that was cut are as good as none, and nothing else is."""
    folder, done, _ = finished
    store = tmp_path / "store"
    shutil.copytree(done, store)
    records = {r.label: r for r in Store(store).records()}
    victim = records["decimals"].certificate
    assert victim is not None
    (store / victim.path).write_bytes(b"nothing")
    Store(store).record_file(records["prompt-list"].id).write_text('{"format": ')
    kept = Store(store).record_file(records["max-shapes"].id).stat().st_mtime_ns
    process = start(folder, store)
    assert process.wait(120) == 1
    assert outcomes(store) == EXPECTED
    assert [one.reason for one in recheck(store)] == [None] * len(EXPECTED)
    assert Store(store).record_file(records["max-shapes"].id).stat().st_mtime_ns == kept


def test_a_killed_run_goes_on(tmp_path: Path) -> None:
    """Killed with its process group in the midst, a run loses nothing and repeats nothing that finished."""
    folder, store = fill(tmp_path / "folder", slow=False), tmp_path / "store"
    process = start(folder, store)
    _wait_for_records(store, 3)
    kill(process)
    known = {r.id: Store(store).record_file(r.id).read_bytes() for r in Store(store).records()}
    (store / "records" / ".half.json.1234.tmp").write_text("half")
    assert start(folder, store).wait(120) == 1
    expected = {name: outcome for name, outcome in EXPECTED.items() if outcome != "out of time"}
    assert outcomes(store) == expected
    for record_id, content in known.items():
        if not record_id.startswith("unusable"):
            assert Store(store).record_file(record_id).read_bytes() == content
    assert [one.reason for one in recheck(store)] == [None] * len(expected)
    assert list(store.glob("*/.*")) == []


def test_ctrl_c_ends_the_run_and_keeps_what_is_done(tmp_path: Path) -> None:
    """An interrupt ends running jobs at once, writes the summary and returns 130."""
    folder, store = fill(tmp_path / "folder"), tmp_path / "store"
    process = start(folder, store, "--filter", "[cd]*")
    # The slow one comes first.
    _wait_for_records(store, 1)
    time.sleep(1)
    begin = time.monotonic()
    os.kill(process.pid, signal.SIGINT)
    assert process.wait(60) == 130
    assert time.monotonic() - begin < 20
    assert "completion-60.json" not in outcomes(store)


def test_a_store_serves_one_run_at_a_time(tmp_path: Path, batchproof: Any) -> None:
    """A second run on the same store is refused in one line."""
    folder = fill(tmp_path / "folder", slow=False)
    with Store(tmp_path / "store").writing():
        outcome = batchproof("batch", folder, "--out", tmp_path / "store")
    assert outcome.code == 2
    assert "expected a store that no other run writes to" in outcome.err
    assert len(outcome.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nowhere"], "nowhere: expected an existing folder or file"),
        (["."], "expected instance files (*.json, *.json.gz), found none"),
        ([".", "--filter", "x*"], "matching x*, found none"),
        ([".", "--engine", "no"], "--engine: expected one of"),
    ],
)
def test_nothing_to_do_is_bad_input(words: list[str], message: str, batchproof: Any) -> None:
    """A place without instances or an unknown engine is said in one line, and nothing is written."""
    outcome = batchproof("batch", *words)
    assert outcome.code == 2
    assert message in outcome.err
    assert not Path("results").exists()


def test_crowding_is_said(batchproof: Any) -> None:
    """More threads than cores are not used without a word."""
    outcome = batchproof("batch", "nowhere", "--jobs", 64, "--workers", 2)
    assert "warning: 64 jobs x 2 workers on" in outcome.err


def _wait_for_records(store: Path, number: int) -> None:
    for _ in range(1200):
        if len(Store(store).record_files()) >= number:
            return
        time.sleep(0.05)
    raise AssertionError("no records")
