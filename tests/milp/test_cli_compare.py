"""``batchproof compare``: what it prints, writes and returns."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

GENERATED = ("--generate", "burstgpt-like", "--requests", "150", "--per-second", "5", "--devices", "2")


@pytest.mark.parametrize("model", ["batches", "rounds"])
def test_every_format_has_every_row(batchproof, model):
    """JSON, CSV and Markdown list the same schedulers at the same rates, and a picture is drawn."""
    outcome = batchproof(
        "compare", *GENERATED, "--model", model, "--rates", "1,3", "--sla", "900", "--bin-counts", "1,2",
        "--csv", "c.csv", "--markdown", "c.md", "--plot", "c.png", "--json",
    )  # fmt: skip
    assert outcome.code == 0
    rows = [(str(row["rate"]), row["scheduler"]) for row in outcome.json["rows"]]
    table = pd.read_csv("c.csv", dtype={"rate": str})
    assert list(zip(table["rate"], table["scheduler"], strict=True)) == rows
    page = Path("c.md").read_text()
    assert all(page.count(f"| {name} |") == 2 for _, name in rows)
    assert [bounds["status"] for bounds in outcome.json["bounds"]] == ["certified bound"] * 2
    assert Path("c.png").read_bytes().startswith(b"\x89PNG")


def test_tables_fit_a_terminal(batchproof):
    """80 columns; the certified line stands under the schedulers."""
    outcome = batchproof("compare", *GENERATED, "--sla", "900", "--predictors", "oracle,noisy")
    lines = [line for line in outcome.out.splitlines() if line.startswith(("│", "┏"))]
    assert lines
    assert max(map(len, lines)) <= 80
    assert "no scheduler below" in lines[-1]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--policies", "mc-sf"), "policy: expected one of static-fifo"),
        (("--model", "rounds", "--policies", "dynamic"), "policy: expected one of static-batching"),
        (("--predictors", "luck"), "expected one of oracle"),
        (("--predictors", ","), "at least one predictor"),
        (("--plot", "c.gif"), "ending in png, svg, pdf"),
        (("--rates", "0"), "positive rate"),
        (("--memory", "10"), "tokens"),
        (("--round-ms", "5"), "--round-ms: expected for the model rounds only, found batches"),
        (("--model", "rounds", "--window", "5"), "--window: expected for the model batches only"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_bad_input_is_one_line(batchproof, options, said):
    """Exit code 2, one line that says what was expected, and no file."""
    outcome = batchproof("compare", *GENERATED, *options)
    assert outcome.code == 2
    assert said in outcome.err
    assert "Traceback" not in outcome.err
    assert list(Path().iterdir()) == []
