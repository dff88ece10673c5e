"""``batchproof league``: what it prints and writes, exit codes, bad input, Ctrl-C."""

from __future__ import annotations

import csv
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from heuristics.registry import run
from instances import catalog, read, write_plan
from milp.league import EXACT_ROW, ONE_BY_ONE
from milp.league.frame import ALL

TWO_STREAMS = "tiny/pad-ratio-all-streams"
INFEASIBLE = "infeasible/prompt-not-covered"


def test_the_command_prints_and_writes_everything(batchproof):
    """Tables, one JSON object, CSV, Markdown, a picture, plans and a certificate that verifies."""
    pytest.importorskip("matplotlib")
    words = ("--heuristics", "greedy,one-shape", "--time-limit", "10")
    files = ("--csv", "l.csv", "--markdown", "l.md", "--plot", "l.png", "--out", "kept")
    outcome = batchproof("league", TWO_STREAMS, "tiny/p75", *words, *files, "--json")
    assert outcome.code == 0, outcome.err
    record = outcome.json
    assert [one["instance"] for one in record["instances"]] == ["pad-ratio-all-streams", "p75"]
    assert {row["name"] for row in record["instances"][0]["rows"]} == {
        "greedy",
        "one-shape",
        EXACT_ROW,
        ONE_BY_ONE,
    }
    with open("l.csv", encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["stream"] == ALL]
    said = [row for one in record["instances"] for row in one["rows"]]
    assert [row["cost"] for row in rows] == [str(row["cost"] or "") for row in said]
    assert "| greedy |" in Path("l.md").read_text(encoding="utf-8")
    assert Path("l.png").read_bytes().startswith(b"\x89PNG")
    checked = batchproof("verify", TWO_STREAMS, "kept/pad-ratio-all-streams.certificate.json.gz", "--json")
    assert checked.json["lower_bound"] == record["instances"][0]["lower_bound"]
    plan = "kept/pad-ratio-all-streams.greedy.plan.jsonl"
    assert (
        batchproof("evaluate", TWO_STREAMS, plan, "--json").json["cost"] == said_of(record, "greedy")["cost"]
    )


def said_of(record, name):
    """Return the row of a contender on the first instance."""
    return next(row for row in record["instances"][0]["rows"] if row["name"] == name)


def test_tables_say_in_words_what_is_violated(batchproof):
    """Without colour a reader knows the limit, what was reached, and who has no gap."""
    outcome = batchproof("league", TWO_STREAMS, "--heuristics", "one-shape", "--time-limit", "10")
    assert outcome.code == 0
    assert "1 violated" in outcome.out
    assert "one-shape: pad_ratio: plan has 1.02097902, at most 0.28 allowed" in outcome.out


def test_the_command_and_bound_agree_on_a_plan(batchproof):
    """Given the same plan, both say the same cost, gap and violations; violations are exit code 1."""
    instance = read(catalog.path(TWO_STREAMS))
    for name, code in (("one-per-batch", 0), ("one-shape", 1)):
        write_plan(run(name, instance).plan, instance, f"{name}.jsonl")
        words = ("--heuristics", "", "--plan", f"mine={name}.jsonl", "--time-limit", "10", "--json")
        league = batchproof("league", TWO_STREAMS, *words)
        bound = batchproof("bound", TWO_STREAMS, "--plan", f"{name}.jsonl", "--time-limit", "10", "--json")
        assert (league.code, bound.code) == (code, code)
        row = said_of(league.json, "mine")
        for key in ("cost", "gap", "violations", "feasible"):
            assert row[key] == bound.json[key]


def test_exit_codes_are_those_of_the_instances(batchproof):
    """Proven infeasible is 3, as everywhere."""
    assert batchproof("league", INFEASIBLE, "--heuristics", "one-shape", "--json").code == 3


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("--heuristics", "best"), "found best"),
        (("--plan", "mine"), "expected NAME=FILE"),
        (("--plan", "mine=nowhere"), "does not exist"),
        (("tiny/p75",), "p75 twice"),
        (("--plot", "l.gif"), "png, svg, pdf"),
        (("--out", "taken/kept"), "a folder that can be written to"),
    ],
)
def test_bad_input_is_one_line(batchproof, args, words):
    """Whatever the user gets wrong is said before anything runs."""
    Path("taken").write_text("")
    outcome = batchproof("league", "tiny/p75", *args)
    assert (outcome.code, outcome.out, outcome.err.count("\n")) == (2, "", 1)
    assert words in outcome.err


def test_ctrl_c_on_the_command_keeps_its_rows(tmp_path):
    """Interrupted in the search for the bound, the command prints every heuristic's row and ends."""
    name = "latency/completion-two-workers-60"
    command = [sys.executable, "-m", "milp", "league", name, "--heuristics", "one-shape,one-per-batch"]
    with subprocess.Popen(
        [*command, "--time-limit", "300", "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "root" in line or "tree" in line or "engine" in line:
                break
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=90)
    assert '"status": "interrupted"' in out, err
    assert all(f'"name": "{row}"' in out for row in ("one-shape", "one-per-batch", EXACT_ROW))
