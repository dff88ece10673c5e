"""What the benchmark of forged certificates counts."""

from __future__ import annotations

import copy
import random
from pathlib import Path

import pytest

from benchmarks import mutations
from benchmarks.large_trees import NAMES, grown
from benchmarks.mutations import mutated, table
from benchmarks.mutators import MUTATORS
from milp import verifier
from milp.status import Status
from milp.verifier import verify

LEAVES = 12
COVERING, PAIRS, INFEASIBLE = "tiny/token-count-quadratic", "tiny/stream-cost", NAMES[-1]


@pytest.mark.parametrize("name", [COVERING, PAIRS, INFEASIBLE])
def test_trees_grow_to_any_size_and_hold(name: str) -> None:
    """Trees of covering and of pair nodes have the leaves that were asked for, and prove the optimum."""
    case = grown(name, LEAVES)
    assert case.certificate.leaves == LEAVES
    expected = Status.INFEASIBLE if case.optimum is None else Status.OPTIMAL
    assert verify(case.instance, case.certificate).status is expected


@pytest.mark.parametrize("name", [COVERING, PAIRS, INFEASIBLE])
def test_no_mutant_is_falsely_accepted(name: str) -> None:
    """Mutants of all kinds are judged, and none ends in a false claim or an exception."""
    tally, failures, _ = mutated(name, 60, seed=1, leaves=LEAVES)
    assert not failures
    assert sum(tally.values()) == 60
    assert {outcome for _, outcome in tally} <= {"refused", "rejected", "true"}
    assert {"rejected", "true"} <= {outcome for _, outcome in tally}
    assert "all" in table(tally)


def test_a_careless_verifier_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without its look at the leaves, the verifier accepts mutants that the benchmark counts as false."""
    monkeypatch.setattr(verifier, "_check_leaf", lambda *args: None)
    tally, failures, _ = mutated(PAIRS, 60, seed=1, leaves=LEAVES)
    assert sum(n for (_, outcome), n in tally.items() if outcome == "false") > 5
    assert any("FAILURE false" in failure for failure in failures)


@pytest.mark.parametrize("kind", MUTATORS)
def test_every_way_changes_the_file(kind: str) -> None:
    """Each way to tamper changes many of the files that it is tried on, with or without a plan."""
    for name in (PAIRS, INFEASIBLE):
        original = mutations._fields(grown(name, LEAVES))
        if kind == "plan altered" and original["plan"] is None:
            continue
        changed = 0
        for seed in range(20):
            content = copy.deepcopy(original)
            MUTATORS[kind](content, random.Random(seed))
            changed += content != original
        assert changed > 5


def test_an_altered_instance_is_another_instance(tmp_path: Path) -> None:
    """Alterations of the instance give a readable instance as a rule."""
    case = grown(PAIRS, 2)
    path = tmp_path / "i.json"
    made = [mutations._altered(case.instance, random.Random(seed), path) for seed in range(20)]
    assert sum(one is not None for one in made) > 10
