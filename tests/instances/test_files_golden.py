"""Plans of the public benchmark, read as they are, have the metrics that its evaluator computes."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from instances import Demand, Instance, Stream, evaluate, preset, read_plan

DATA = Path(os.environ.get("BATCHPROOF_DATA", Path(__file__).parents[3] / "shared" / "data"))
GOLDEN = DATA.parent / "golden" / "static_graph.json"
METRICS = ("cost", "pad_ratio", "p95_latency_ms", "sequential_timecost")


def cases() -> list[Any]:
    """Return the golden cases, or one that is skipped where they are missing."""
    if not GOLDEN.is_file():
        return [pytest.param({}, marks=pytest.mark.skip(reason=f"no golden metrics at {GOLDEN}"))]
    return [pytest.param(case, id=case["name"]) for case in json.loads(GOLDEN.read_text())]


@pytest.mark.parametrize("case", cases())
def test_metrics_agree_with_the_public_evaluator(case: dict[str, Any], tmp_path: Path) -> None:
    """Cost, pad ratio, p95 and total time agree to 1e-12 relative with the benchmark's own evaluator."""
    rows = case["requests"]
    columns = ([row[key] for row in rows] for key in ("prompt_len", "gen_len", "request_id"))
    instance = Instance("golden", (Stream("a", Demand.from_requests(*columns)),), **preset("static-graph"))
    path = tmp_path / "plan.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in case["plan"]))
    evaluation = evaluate(instance, read_plan(path, instance))
    assert not evaluation.violations
    total = evaluation.total
    assert total is not None
    found = (total.cost, total.pad_ratio, total.latency["p95"], total.total_time)
    for name, value in zip(METRICS, found, strict=True):
        assert float(value) == pytest.approx(case["metrics"][name], rel=1e-12, abs=0), name
