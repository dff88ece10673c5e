"""Greedy on real traffic, against figures that are known to be good."""

from __future__ import annotations

import json
import os
from fractions import Fraction
from pathlib import Path

import pandas as pd
import pytest

import heuristics
from instances.demand import Demand
from instances.instance import Instance, Stream
from instances.limits import LatencyLimit, Limits
from instances.presets import preset

DATA = Path(os.environ.get("BATCHPROOF_DATA", Path(__file__).parents[3] / "shared" / "data"))
CONVERSATION = DATA / "azure" / "AzureLLMInferenceTrace_conv.csv"
BENCHMARK = DATA / "terminal-bench"


@pytest.mark.skipif(not CONVERSATION.exists(), reason=f"{CONVERSATION} is not there")
@pytest.mark.parametrize(("sizes", "optimum"), [((256, 64), 35_184_768), ((64, 32), 33_978_016)])
def test_token_model_is_within_a_percent_of_the_optimum(sizes: tuple[int, int], optimum: int) -> None:
    """On the conversation trace greedy comes within 1 % of the proven optimum, and not below it."""
    frame = pd.read_csv(CONVERSATION)
    demand = Demand.from_requests(frame["ContextTokens"].to_numpy(), frame["GeneratedTokens"].to_numpy())
    instance = Instance("conversation", (Stream("s", demand),), **preset("token", sizes, Fraction(20000)))
    cost = heuristics.run("greedy", instance).evaluation.cost
    assert cost is not None
    assert optimum <= cost <= optimum * Fraction(101, 100)


@pytest.mark.skipif(not BENCHMARK.exists(), reason=f"{BENCHMARK} is not there")
def test_benchmark_limits_hold() -> None:
    """On both streams of the public benchmark greedy keeps all limits and the shape budget."""
    limits = (("3.0e11", "0.055", "2.1e6", "2.7e8"), ("4.8e10", "0.15", "2.1e5", "3.2e7"))
    streams = []
    for number, texts in enumerate(limits, start=1):
        lines = (BENCHMARK / f"requests_bucket_{number}.jsonl").read_text().splitlines()
        rows = [json.loads(line) for line in lines]
        demand = Demand.from_requests([r["prompt_len"] for r in rows], [r["gen_len"] for r in rows])
        cost, pad, p95, total = (Fraction(text) for text in texts)
        allowed = Limits(cost, pad, (LatencyLimit(p95, Fraction(19, 20)),), total)
        streams.append(Stream(f"bucket {number}", demand, allowed))
    instance = Instance("benchmark", tuple(streams), max_shapes=8, **preset("static-graph"))
    evaluation = heuristics.run("greedy", instance).evaluation
    assert evaluation.feasible
    assert evaluation.cost is not None
    assert evaluation.cost < Fraction("3.285e11")
