"""Files of problems in rounds and their certificates."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from instances.errors import InputError
from milp.hindsight.rounds import RoundProblem, minimize_latency, verify_rounds
from milp.hindsight.rounds.certificate_file import read_rounds, write_rounds
from milp.status import Status


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file with the optimum of five requests."""
    arrival = np.array([0, 0, 0, 1, 3])
    problem = RoundProblem(9, arrival, np.full(5, 2), np.array([7, 3, 3, 5, 1]))
    path = tmp_path / "proof.json.gz"
    write_rounds(problem, minimize_latency(problem).certificate, path)
    return path


def test_what_is_read_is_what_was_written(file: Path, tmp_path: Path) -> None:
    """A file stands alone: it is verified after reading, and written again byte by byte."""
    problem, certificate = read_rounds(file)
    assert verify_rounds(problem, certificate).status == Status.OPTIMAL
    write_rounds(problem, certificate, tmp_path / "again.json.gz")
    assert (tmp_path / "again.json.gz").read_bytes() == file.read_bytes()


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("format", "batchproof-rounds/9", "batchproof-rounds/1"),
        ("gen", [7, 3, 3, 5, 99], "prompt \\+ gen: expected requests of at most 9 tokens"),
        ("gen", [7, 3, 3, 5], "gen: expected one whole number per request"),
        ("arrival", [0, 0, 0, -1, 3], "arrival: expected whole numbers from 0"),
        ("arrival", [], "expected at least one request|one whole number per request"),
        ("price", [2**62] * 5, "price: expected whole numbers below 2\\^62"),
        ("claim", "many", "claim: expected `?int"),
        ("more", 1, "documented fields only"),
    ],
)
def test_bad_files_are_named(file: Path, tmp_path: Path, field: str, value: object, words: str) -> None:
    """Wrong values raise one line that names the file and the field."""
    problem, certificate = read_rounds(file)
    path = tmp_path / "bad.json"
    write_rounds(problem, certificate, path)
    content = json.loads(path.read_text("utf-8")) | {field: value}
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(InputError, match=words) as caught:
        read_rounds(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
