"""The programs that peers are given, and what is made of their answers."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import pytest

from benchmarks.peers import table
from benchmarks.peers.__main__ import main
from benchmarks.peers.per_request import per_request
from benchmarks.peers.program import aggregated
from benchmarks.peers.solvers import Solver, cbc, cbc_answer, cpsat, highs, scip
from instances import Instance, evaluate, read
from instances.batch_model import form_batch_model
from instances.catalog import path
from milp.engines.base import Unsuited
from tests.oracle.optima import stored

SMALL = (
    "tiny/two-streams-share-shapes",
    "tiny/compile-once",
    "tiny/histogram",
    "tiny/decimals",
    "tiny/max-batch-tokens-all-streams",
    "tiny/stream-cost",
)

EXACT = {
    "claim": "optimal",
    "cost": 100,
    "lower": 100,
    "seconds": 2.0,
    "groups": 9,
    "solver": "exact",
    "verdict": "certified optimal",
}


def _instance(name: str) -> Instance:
    return read(path(name))


@pytest.mark.parametrize("name", SMALL)
def test_per_request_has_the_same_optimum(name: str) -> None:
    """The program written request by request has the optimum that trying every plan finds, as a plan too."""
    instance = _instance(name)
    program = per_request(form_batch_model(instance))
    answer = cpsat(program, 60)
    best = Fraction(stored()[name] or 0)
    assert answer.claim == "optimal"
    assert answer.solution is not None
    assert Fraction(program.value(answer.solution), instance.cost_scale) == best
    evaluation = evaluate(instance, program.plan_of(answer.solution))
    assert evaluation.feasible
    assert evaluation.cost == best


@pytest.mark.parametrize(
    "name",
    [
        "infeasible/cold-start-above-percentile",
        "infeasible/percentile-below-longest",
        "infeasible/total-time-below-one-batch",
        "infeasible/cost-below-optimum",
        "infeasible/pad-ratio-below-floor",
    ],
)
def test_per_request_keeps_every_limit(name: str) -> None:
    """Each kind of limit rules out every solution where it rules out every plan."""
    assert highs(per_request(form_batch_model(_instance(name))), 60).claim == "infeasible"


def test_per_request_refuses_completion_times() -> None:
    """Slots without an order are not passed off as a model of completion times."""
    with pytest.raises(Unsuited, match="completion"):
        per_request(form_batch_model(_instance("tiny/completion")))


@pytest.mark.parametrize("solver", [highs, cpsat, cbc, scip])
@pytest.mark.parametrize(
    "name", ["tiny/cold-start-percentile", "tiny/completion-two-workers", "tiny/decimals"]
)
def test_peers_solve_the_aggregated_program(name: str, solver: Solver) -> None:
    """Each peer is handed the whole problem: it finds the optimum that trying every plan finds."""
    if solver is scip:
        pytest.importorskip("pyscipopt")
    instance = _instance(name)
    program = aggregated(form_batch_model(instance))
    answer = solver(program, 60)
    assert answer.claim == "optimal"
    assert answer.solution is not None
    assert Fraction(program.value(answer.solution), instance.cost_scale) == Fraction(stored()[name] or 0)


def test_cbc_without_a_solution_is_told_apart() -> None:
    """What CBC writes for an infeasible program, a relaxation's fractions, is not taken for a solution."""
    text = "Integer infeasible - objective value 76914.00000000\n      2 c2            0.33333333      0\n"
    assert cbc_answer(3, "Pre-processing says infeasible or unbounded\n", text).claim == "infeasible"
    text = "Stopped on time (no integer solution - continuous used) - objective value 5.0\n 0 c0 0.5 0\n"
    log = "Result - Stopped on time limit\n\nNo feasible solution found\nLower bound:   5.000\n"
    answer = cbc_answer(3, log, text)
    assert (answer.claim, answer.solution, answer.bound) == ("open", None, 5.0)


@pytest.mark.parametrize(
    ("peer", "words"),
    [
        ({"claim": "open", "cost": 101, "lower": 99}, ""),
        ({"claim": "optimal", "cost": 100, "lower": "1000000000001/10000000000"}, ""),
        ({"claim": "optimal", "cost": 101, "lower": 100}, "cheaper plan"),
        ({"claim": "open", "cost": None, "lower": 101}, "nothing costs less"),
        ({"claim": "open", "cost": 99, "lower": 98}, "below the certified bound"),
        ({"claim": "infeasible", "cost": None, "lower": None}, "infeasible"),
    ],
)
def test_contradictions_are_told(peer: dict[str, object], words: str) -> None:
    """A claim that the certificate refutes is told, and a right one is left alone."""
    found = table.contradiction(peer, EXACT)
    assert words in found
    assert bool(found) == bool(words)


def test_a_plan_where_there_is_none_is_told() -> None:
    """A plan for an instance that is certified infeasible is told."""
    none = {**EXACT, "claim": "infeasible", "cost": None, "lower": None, "verdict": "certified infeasible"}
    assert "none" in table.contradiction({"claim": "open", "cost": 5, "lower": None}, none)
    assert not table.contradiction({"claim": "infeasible", "cost": None, "lower": None}, none)


def test_speed_up_is_over_the_best_peer() -> None:
    """A peer with a proof is the best, however long it took; one without gives a bound only."""
    proof = {**EXACT, "solver": "highs", "seconds": 50.0}
    close = {**EXACT, "solver": "cbc", "claim": "open", "lower": 99, "seconds": 30.0}
    assert table.speed_up(EXACT, [close, proof]) == (proof, 25.0)
    assert table.speed_up({**EXACT, "claim": "open"}, [proof]) == (proof, None)
    row = table.summary_row("a", {"exact": EXACT, "cbc": close})
    assert row is not None
    assert row[-2:] == ["> 15.0", "not shown"]


def test_runs_are_recorded_and_not_repeated(tmp_path: Path) -> None:
    """A run in a fresh process ends in the tables, and `--resume` does not run it again."""
    out = tmp_path / "peers.md"
    words = ["--only", "padded-batch-60", "--solvers", "exact", "--time-limit", "1", "--out", str(out)]
    main(words)
    first = out.with_suffix(".jsonl").read_text("utf-8")
    assert json.loads(first)["verdict"].startswith("certified")
    main([*words, "--resume"])
    assert out.with_suffix(".jsonl").read_text("utf-8") == first
    assert "catalog:capacity/padded-batch-60" in out.read_text("utf-8")
