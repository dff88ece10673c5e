"""solve, verify, evaluate and bound on a bundled instance, through the real engines."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest

INSTANCE = "catalog:tiny/pad-ratio-real"


@pytest.fixture
def solved(batchproof):
    """Solve the instance; return the result, with its files in the current folder's `results`."""
    outcome = batchproof("solve", INSTANCE, "--json")
    assert outcome.code == 0, outcome.err
    return outcome.json


def test_solve_proves_a_tiny_instance_optimal(solved):
    """The default engine closes a tiny instance, and both bounds are certified and meet."""
    assert solved["status"] == "certified optimal"
    assert solved["certified"] is True
    assert solved["cost"] == solved["lower_bound"]
    assert solved["gap"] == 0
    assert solved["feasible"] is True
    assert solved["violations"] == []


def test_exact_numbers_have_floats_beside_them(solved):
    """`cost`, `lower_bound` and `gap` are exact, and each has its float."""
    for key in ("cost", "lower_bound", "gap"):
        assert isinstance(solved[key], int | str)
        assert solved[f"{key}_float"] == float(Fraction(solved[key]))


def test_solve_writes_three_files_and_no_temporary_ones(solved):
    """Plan, certificate and result are there, complete, and nothing else."""
    files = {Path(path) for path in solved["files"].values()}
    assert set(Path("results").iterdir()) == files
    assert {"".join(path.suffixes[-2:]) for path in files} == {".plan.jsonl", ".json.gz", ".result.json"}
    assert json.loads(Path(solved["files"]["result"]).read_text()) == solved


def test_verify_confirms_what_solve_wrote(batchproof, solved):
    """The certificate on disk proves the bounds that solve printed."""
    outcome = batchproof("verify", INSTANCE, solved["files"]["certificate"], "--json")
    assert outcome.code == 0
    verdict = outcome.json
    assert {key: verdict[key] for key in ("status", "cost", "lower_bound", "gap", "certified")} == {
        key: solved[key] for key in ("status", "cost", "lower_bound", "gap", "certified")
    }


def test_verify_rejects_the_certificate_of_another_instance(batchproof, solved):
    """A certificate proves nothing about an instance it was not made for."""
    other = Path("other.json")
    made = batchproof("generate", first_family(), "--requests", 5, "--seed", 1, "-o", other)
    assert made.code == 0, made.err
    outcome = batchproof("verify", other, solved["files"]["certificate"], "--json")
    assert outcome.code == 1
    assert outcome.json["status"] == "rejected"
    assert outcome.json["reason"]
    assert outcome.json["certified"] is False


def test_verify_refuses_a_broken_file_in_one_line(batchproof):
    """A certificate that is no certificate is bad input, not a rejected proof."""
    broken = Path("broken.json.gz")
    broken.write_bytes(gzip.compress(b'{"format": '))
    outcome = batchproof("verify", INSTANCE, broken)
    assert outcome.code == 2
    assert "broken.json.gz" in outcome.err
    assert outcome.err.count("\n") == 1


def test_verify_loads_no_solver(solved):
    """The verifier's process never imports a solver library or the formulation."""
    script = (
        "import sys; from milp.cli.main import main; code = main(sys.argv[1:]);"
        "banned = {'ortools', 'highspy', 'pulp', 'scipy', 'networkx', 'milp.formulation', 'milp.engines'};"
        "solvers = banned & set(sys.modules);"
        "sys.exit(str(solvers) if solvers else code)"
    )
    args = ["verify", INSTANCE, solved["files"]["certificate"]]
    done = subprocess.run([sys.executable, "-c", script, *args], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_evaluate_agrees_with_solve(batchproof, solved):
    """The plan file has the cost and the metrics that solve printed."""
    outcome = batchproof("evaluate", INSTANCE, solved["files"]["plan"], "--json")
    assert outcome.code == 0
    for key in ("cost", "streams", "total", "shapes", "cost_parts"):
        assert outcome.json[key] == solved[key]


def test_evaluate_reports_a_missing_request(batchproof, solved):
    """A plan that leaves a request out is violated, exit code 1, and says which."""
    lines = Path(solved["files"]["plan"]).read_text().splitlines(keepends=True)
    Path("short.jsonl").write_text("".join(lines[:-1]))
    outcome = batchproof("evaluate", INSTANCE, "short.jsonl", "--json")
    assert outcome.code == 1
    assert outcome.json["status"] == "violated"
    assert "missing request" in {violation["kind"] for violation in outcome.json["violations"]}
    assert "violated" in batchproof("evaluate", INSTANCE, "short.jsonl").out


def test_bound_of_an_optimal_plan_is_its_cost(batchproof, solved):
    """Given the optimal plan, the certified bound meets it."""
    outcome = batchproof("bound", INSTANCE, "--plan", solved["files"]["plan"], "--json")
    assert outcome.code == 0
    assert outcome.json["cost"] == outcome.json["lower_bound"] == solved["cost"]
    assert outcome.json["certified"] is True


def test_bound_of_a_violating_plan_is_refused(batchproof, solved):
    """A plan that is none gets exit code 1 and no bound, with the same JSON keys."""
    lines = Path(solved["files"]["plan"]).read_text().splitlines(keepends=True)
    Path("short.jsonl").write_text("".join(lines[1:]))
    outcome = batchproof("bound", INSTANCE, "--plan", "short.jsonl", "--json")
    assert outcome.code == 1
    assert outcome.json["lower_bound"] is None
    assert outcome.json["certified"] is False


def test_warm_start_is_taken(batchproof, solved):
    """Started from the optimal plan, the result is no worse."""
    args = ("--warm-start", solved["files"]["plan"], "--out", "again", "--json")
    outcome = batchproof("solve", INSTANCE, *args)
    assert outcome.code == 0
    assert outcome.json["cost"] == solved["cost"]


def test_warm_start_for_another_instance_is_refused(batchproof, solved):
    """A plan that does not serve the instance is no place to start from, and nothing is written."""
    outcome = batchproof("solve", "tiny/two-streams-share-shapes", "--warm-start", solved["files"]["plan"])
    assert outcome.code == 2
    assert "expected a plan for two-streams-share-shapes, found" in outcome.err
    assert len(list(Path("results").iterdir())) == 3


def test_folder_that_cannot_be_written_to_is_refused_before_the_search(batchproof):
    """A file in the folder's way is an error at once, without any progress before it."""
    Path("taken").write_text("")
    outcome = batchproof("solve", INSTANCE, "--out", "taken/results", "--json")
    assert outcome.code == 2
    assert outcome.err.splitlines() == [
        "batchproof: error: taken/results: expected a folder that can be written to, found Not a directory"
    ]


def test_every_engine_finds_the_same_cost(batchproof, solved):
    """Each engine at hand reaches the certified optimum of the tiny instance."""
    engines = batchproof("show-versions", "--json").json["engines"]
    costs = {
        name: batchproof("solve", INSTANCE, "--engine", name, "--out", name, "--json").json["cost"]
        for name in engines
    }
    assert set(costs.values()) == {solved["cost"]}


def test_tables_name_the_essentials(batchproof):
    """People read the status, the cost, the bound, the gap and the files."""
    outcome = batchproof("solve", INSTANCE)
    assert outcome.code == 0
    for words in ("certified optimal", "cost", "certified lower bound", "gap", "pad ratio", "wrote plan"):
        assert words in outcome.out


def test_infeasible_instance_is_exit_code_3(batchproof):
    """A limit that nothing can satisfy is proven infeasible, and the proof is verified."""
    instance = impossible(Path("impossible.json"))
    outcome = batchproof("solve", instance, "--json")
    assert outcome.code == 3
    assert outcome.json["status"] == "certified infeasible"
    assert outcome.json["cost"] is None
    checked = batchproof("verify", instance, outcome.json["files"]["certificate"], "--json")
    assert checked.code == 3
    assert checked.json["certified"] is True


def test_interrupted_solve_keeps_its_best(tmp_path):
    """Ctrl-C during a long search prints a result, certified, instead of a traceback."""
    instance = tmp_path / "large.json"
    args = [
        "--requests",
        "1500",
        "--seed",
        "3",
        "--preset",
        "token",
        "--granularity",
        "16x16",
        "--count-cost",
        "50",
    ]
    command = [sys.executable, "-m", "milp"]
    subprocess.run(
        [*command, "generate", first_family(), *args, "-o", str(instance)], check=True, capture_output=True
    )
    args = ["solve", str(instance), "--time-limit", "120", "--out", str(tmp_path), "--json"]
    with subprocess.Popen(
        [*command, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "incumbent none" not in line:
                break
        if process.poll() is None:
            os.kill(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    record = json.loads(out)
    assert record["cost"] is not None
    assert record["runtime_s"] < 60


def first_family() -> str:
    """Return the name of some generator family."""
    from instances.generate import FAMILIES

    return next(iter(FAMILIES))


def impossible(path: Path) -> Path:
    """Write an instance whose padding limit nothing can satisfy; return `path`."""
    import numpy as np

    from instances import Demand, Instance, Limits, Stream, preset, write

    demand = Demand.from_requests(np.array([65, 70]), np.array([5, 9]))
    stream = Stream("only", demand, Limits(pad_ratio=Fraction(1, 100)))
    write(Instance("impossible", (stream,), **preset("token", (64, 64))), path)
    return path
