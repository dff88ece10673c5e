"""The benchmark of MC-SF against the proven optimum."""

from __future__ import annotations

import numpy as np

from benchmarks.rounds import run, sample, table
from milp.hindsight.rounds import Effort
from milp.status import Status


def test_samples_are_as_published_and_the_same_every_time() -> None:
    """Memory, prompts, gens, numbers and arrivals keep to their ranges, in both models."""
    for index in range(20):
        for model in (1, 2):
            problem, again = sample(model, 3, index), sample(model, 3, index)
            assert problem.digest() == again.digest()
            assert 30 <= problem.memory <= 50
            assert len(np.unique(problem.prompt)) == 1
            assert 1 <= problem.prompt[0] <= 5
            assert (problem.prompt + problem.gen).max() <= problem.memory
            assert (40 <= problem.requests <= 60) or model == 2
            assert problem.arrival.max() == 0 or model == 2
            assert problem.arrival.max() < 60


def test_only_proven_optima_enter_the_mean() -> None:
    """A certified gap is listed with both of its ends and counted apart."""
    proven = {"model": 1, "seed": 1, "index": 0, "mc_sf": 110, "upper": 100, "lower": 100}
    open_ = {"model": 1, "seed": 1, "index": 1, "mc_sf": 150, "upper": 100, "lower": 90}
    page = table([proven | {"status": Status.OPTIMAL}, open_ | {"status": Status.GAP}])
    assert "| 1 | 2 | 1 | 1.1000 |" in page
    assert "| 1 |  |  |  | 150 | 100 | 90 |" in page


def test_a_run_says_what_the_verifier_certified() -> None:
    """Without time the record holds a certified gap around the optimum."""
    record = run(1, 3, 7, Effort(seconds=0, local_seconds=0))
    assert record["status"] == Status.GAP
    assert record["lower"] < record["upper"] <= record["mc_sf"]
