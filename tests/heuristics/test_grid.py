"""Grid search: nothing twice, whatever happens, and a log that says so."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from heuristics.grid import FULL, SMALL, Grid, Record, search_grid
from heuristics.grid.log import GridLog
from instances import InputError, catalog, read
from instances.groups import form_groups
from instances.instance import Instance
from instances.metrics import evaluate

NAME = "token/uniform-300-256x64"
TINY = "tiny/two-streams-share-shapes"
GRID = Grid(("steps", "percentiles"), (1, 2, 3), ("steps", "least-padding"), (1, 2, 4))


@pytest.fixture
def instance() -> Instance:
    """Return a bundled instance of 300 requests."""
    return read(catalog.path(NAME))


def lines(log: Path) -> list[dict[str, Any]]:
    """Return the records of a log, as JSON."""
    return [json.loads(line) for line in log.read_text("utf-8").splitlines()[1:]]


def test_no_configuration_is_tested_twice(instance: Instance) -> None:
    """Rules that make a single cell are one; numbers beyond the distinct lengths are none."""
    groups = form_groups(instance)
    for grid in (GRID, SMALL, FULL):
        configurations = grid.configurations(groups)
        assert len(configurations) == len(set(configurations))
    assert len(GRID.configurations(groups)) == 5 * 5


def test_best_is_the_best_of_all_records(instance: Instance) -> None:
    """The plan is that of the record with the least cost within the limits, evaluated anew."""
    result = search_grid(instance, GRID)
    assert result.complete
    assert result.best is not None
    assert result.plan is not None
    assert evaluate(instance, result.plan).cost == result.best.cost
    costs = [record.cost for record in result.records if record.status == "feasible"]
    assert result.best.cost == min(cost for cost in costs if isinstance(cost, int))


def test_log_says_everything(instance: Instance, tmp_path: Path) -> None:
    """Each line has parameters, metrics, limits, seconds, and the best so far, which never gets worse."""
    limited = read(catalog.path("static-graph/two-streams-limits-300"))
    log = tmp_path / "grid.jsonl"
    search_grid(limited, GRID, log=log)
    records = lines(log)
    ranks = []
    for record in records:
        assert {"configuration", "cost", "pad_ratio", "latency_ms", "total_time_ms", "seconds"} <= set(record)
        assert len(record["passed"]) + len(record["failed"]) == 4
        assert (record["status"] == "feasible") is not bool(record["failed"])
        best = records[record["best_so_far"] - 1]
        ranks.append((float(eval_fraction(best["over"])), best["cost"]))
    assert ranks == sorted(ranks, reverse=True)


def eval_fraction(text: int | str) -> float:
    """Return ``p/q`` as a float."""
    top, _, bottom = str(text).partition("/")
    return int(top) / int(bottom or 1)


def test_a_finished_log_is_taken_as_it_is(instance: Instance, tmp_path: Path) -> None:
    """A second run tests nothing, changes nothing and finds the same best plan."""
    log = tmp_path / "grid.jsonl"
    first = search_grid(instance, GRID, log=log)
    before = log.read_bytes()
    second = search_grid(instance, GRID, log=log)
    assert (first.tested, second.tested) == (25, 0)
    assert second.best == first.best
    assert log.read_bytes() == before


def test_a_log_cut_off_anywhere_is_taken_up(instance: Instance, tmp_path: Path) -> None:
    """A file that ends after any byte gives, after another run, each configuration once and the same best."""
    whole = tmp_path / "whole.jsonl"
    best = search_grid(instance, GRID, log=whole).best
    assert best is not None
    data = whole.read_bytes()
    header = data.index(b"\n") + 1
    ends = [0, 1, header - 1, header, header + 1, len(data) // 2, *range(len(data) - 12, len(data))]
    for end in ends:
        log = tmp_path / f"{end}.jsonl"
        log.write_bytes(data[:end])
        result = search_grid(instance, GRID, log=log)
        records = lines(log)
        assert len({json.dumps(record["configuration"]) for record in records}) == len(records) == 25
        assert [record["number"] for record in records] == list(range(1, 26))
        assert result.best is not None
        assert result.best.configuration == best.configuration


def test_a_whole_last_line_without_its_end_counts(instance: Instance, tmp_path: Path) -> None:
    """A record whose line feed is missing was tested: it is not tested again."""
    log = tmp_path / "grid.jsonl"
    search_grid(instance, GRID, log=log)
    log.write_bytes(log.read_bytes()[:-1])
    assert search_grid(instance, GRID, log=log).tested == 0
    assert log.read_bytes().endswith(b"}\n")


def test_time_limit_ends_the_search_and_the_rest_follows(instance: Instance, tmp_path: Path) -> None:
    """No time is enough for no configuration; a later run with time tests them all."""
    log = tmp_path / "grid.jsonl"
    result = search_grid(instance, GRID, log=log, time_limit=-1)
    assert (result.tested, result.best, result.complete) == (0, None, False)
    assert search_grid(instance, GRID, log=log).complete


def test_interrupt_keeps_the_best_so_far(instance: Instance) -> None:
    """Ctrl-C after three configurations returns the best of three."""
    seen = []

    def progress(state: object) -> None:
        seen.append(state)
        if len(seen) == 3:
            raise KeyboardInterrupt

    result = search_grid(instance, GRID, progress=progress)
    assert result.tested == 3
    assert result.plan is not None
    assert not result.complete


def test_a_log_of_another_instance_is_refused(instance: Instance, tmp_path: Path) -> None:
    """The message names the file, the line, and both digests; the file stays as it is."""
    log = tmp_path / "grid.jsonl"
    search_grid(instance, GRID, log=log)
    before = log.read_bytes()
    other = read(catalog.path("token/lognormal-1000-256x64"))
    with pytest.raises(InputError, match=r"grid\.jsonl, line 1: expected a log of lognormal.*found one of"):
        search_grid(other, GRID, log=log)
    assert log.read_bytes() == before


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("my notes", "line 1: expected a log of format batchproof-grid/1"),
        (
            '{"format":"batchproof-grid/9","instance":"x","digest":"y"}\n',
            "format: expected batchproof-grid/1",
        ),
        ("HEADER{}\n{}\n", "line 2"),
        ('HEADER{"number": 1, "configuration": {"prompt_rule": "magic"}}\n', "prompt_rule"),
    ],
)
def test_what_is_no_log_is_refused_and_left_alone(
    instance: Instance, tmp_path: Path, text: str, message: str
) -> None:
    """Files of other kinds, formats and contents are bad input, said in one line."""
    log = tmp_path / "grid.jsonl"
    with GridLog(log, instance):
        header = log.read_text("utf-8")
    log.write_text(text.replace("HEADER", header), "utf-8")
    before = log.read_bytes()
    with pytest.raises(InputError, match=message):
        search_grid(instance, GRID, log=log)
    assert log.read_bytes() == before


def test_two_runs_do_not_share_a_log(instance: Instance, tmp_path: Path) -> None:
    """While one run holds the log, another is refused; afterwards it is not."""
    log = tmp_path / "grid.jsonl"
    with GridLog(log, instance), pytest.raises(InputError, match="no other run"):
        search_grid(instance, GRID, log=log)
    assert search_grid(instance, GRID, log=log).complete


def test_a_folder_is_no_log(instance: Instance, tmp_path: Path) -> None:
    """A place that cannot be written to is bad input."""
    with pytest.raises(InputError, match="a file to write a log to"):
        search_grid(instance, GRID, log=tmp_path)


def test_every_record_of_an_instance_without_plans_says_why() -> None:
    """Where no configuration has a plan there is no best, and each note gives the reason."""
    infeasible = read(catalog.path("infeasible/memory-below-longest-request"))
    result = search_grid(infeasible, GRID)
    assert result.best is None
    assert result.plan is None
    assert all(isinstance(record, Record) and record.note for record in result.records)


def run_and_kill(log: Path, records: int) -> None:
    """Start a run and kill it once the log has so many lines."""
    command = [sys.executable, "-m", "milp", "grid", f"catalog:{TINY}", "--log", str(log), "--json"]
    root = Path(__file__).parents[2]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        until = time.monotonic() + 60
        while process.poll() is None and time.monotonic() < until:
            if log.exists() and log.read_bytes().count(b"\n") > records:
                os.kill(process.pid, signal.SIGKILL)
                break
            time.sleep(0.001)


def test_kill_9_and_restart_until_done(tmp_path: Path) -> None:
    """Runs killed again and again: each configuration is in the log once, and the best is the same."""
    log = tmp_path / "grid.jsonl"
    instance = read(catalog.path(TINY))
    for records in (1, 60, 150):
        run_and_kill(log, records)
        assert log.read_bytes().count(b"\n") > records
    known = len(lines(log)) if log.read_bytes().endswith(b"\n") else 0
    result = search_grid(instance, FULL, log=log)
    assert result.complete
    assert result.tested > 0
    counts = Counter(json.dumps(record["configuration"]) for record in lines(log))
    assert set(counts.values()) == {1}
    assert len(counts) == result.total > known
    uninterrupted = search_grid(instance, FULL)
    assert uninterrupted.best is not None
    assert result.best is not None
    assert result.best.configuration == uninterrupted.best.configuration
    assert result.best.cost == uninterrupted.best.cost
