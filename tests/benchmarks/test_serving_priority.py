"""The benchmark of the priority scheduler, at a small size."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.serving import priority, priority_tables


def test_the_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A page with every table is written, from schedules that keep all rules."""
    out = tmp_path / "priority.md"
    assert priority.main(["--requests", "150", "--speed", "200", "--out", str(out)]) == 0
    text = out.read_text(encoding="utf-8")
    assert "BurstGPT-like, generated: 150 requests" in text
    assert "Azure" not in text
    for load in (60, 95, 125):
        assert f"Load {load} %" in text
    tables = text.split("\n\n")
    for table in tables:
        if table.startswith("| |"):
            widths = {line.count("|") for line in table.strip().splitlines()}
            assert len(widths) == 1, table
    assert "BurstGPT-like" in capsys.readouterr().out


def test_what_a_wait_is_held_against() -> None:
    """The boost and the longest run are allowed, a tenth more is not."""
    row = priority_tables.Row(1.0, 1.0, [1.0, 1.0, 1.0], 0, 42.0, 12.0, 0, 1.0)
    assert row.waits_at_most(30)
    assert not row.waits_at_most(29.9)
