"""Every engine on every bundled instance whose optimum the oracle knows."""

from __future__ import annotations

from fractions import Fraction

import pytest

from instances.catalog import names, path
from instances.files import read
from milp import Status, solve
from milp.engines import available
from tests.oracle.optima import stored

OPTIMA = stored()
TINY = [name for name in names() if name.startswith("tiny/")]
INFEASIBLE = [name for name in names() if name.startswith("infeasible/")]
ENGINES = ("exact", "cpsat", "highs", "cbc")
LIMIT = 20.0
RELAXED = ("tiny/completion-two-workers",)
"""Completion times on several devices: the bound is of a relaxation, the plan is still optimal."""

pytestmark = pytest.mark.filterwarnings("ignore:PULP_CBC_CMD is deprecated:DeprecationWarning")


def test_the_engines_are_there() -> None:
    """The engines that the cases below name are installed, and every optimum they need is stored."""
    assert set(ENGINES) <= set(available())
    assert len(TINY) > 40
    assert len(INFEASIBLE) > 10
    assert set(OPTIMA) == {*TINY, *INFEASIBLE}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", TINY)
def test_the_optimum_is_found_and_certified(name: str, engine: str) -> None:
    """The plan costs the oracle's optimum, and the certified bound is exactly that and never more."""
    expected = OPTIMA[name]
    assert expected is not None
    optimum = Fraction(expected)
    result = solve(read(path(name)), engine=engine, time_limit=5.0 if name in RELAXED else LIMIT)
    assert result.lower_bound is not None
    assert result.lower_bound <= optimum
    assert result.cost == optimum
    assert result.status is Status.OPTIMAL or (name in RELAXED and result.status is Status.GAP)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", INFEASIBLE)
def test_infeasibility_is_certified(name: str, engine: str) -> None:
    """No engine shows a feasible plan where there is none, and the verifier accepts the proof."""
    result = solve(read(path(name)), engine=engine, time_limit=LIMIT)
    assert result.evaluation is None or not result.evaluation.feasible
    assert result.status is Status.INFEASIBLE
