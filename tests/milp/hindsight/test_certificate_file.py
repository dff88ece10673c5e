"""Hindsight certificates on disk."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import pytest

from instances import InputError
from milp.hindsight.certificate import Claim, HindsightCertificate
from milp.hindsight.certificate_file import FORMAT, read_hindsight, write_hindsight

CERTIFICATE = HindsightCertificate(
    "ab" * 32,
    (
        Claim("mean_latency", "alone", Fraction(7, 3)),
        Claim("percentile", "windows", Fraction(9), Fraction(19, 20), {"start": (0, 2**62), "memory": ()}),
    ),
)


@pytest.mark.parametrize("name", ["a.json", "a.json.gz"])
def test_what_is_written_is_read(name: str, tmp_path: Path) -> None:
    """Every claim comes back as it was, and equal certificates are equal files."""
    first, second = tmp_path / name, tmp_path / f"b{name[1:]}"
    write_hindsight(CERTIFICATE, first)
    write_hindsight(CERTIFICATE, second)
    assert read_hindsight(first) == CERTIFICATE
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": "batchproof-hindsight/9"}, "format"),
        ({"claims": 3}, "claims"),
        ({"claims": [{"objective": "makespan", "method": "alone", "value": "1/0"}]}, "claims[0].value"),
        ({"claims": [{"objective": "makespan", "method": "alone", "value": 1, "quantile": "x"}]}, "quantile"),
        ({"claims": [{"objective": "makespan", "value": 1}]}, "method"),
        ({"luck": 1}, "luck"),
    ],
)
def test_bad_files_are_refused_in_one_line(change: dict[str, object], message: str, tmp_path: Path) -> None:
    """The line names the file and the field."""
    path = tmp_path / "bad.json"
    path.write_text(json.dumps({"format": FORMAT, "problem": "", "claims": []} | change))
    with pytest.raises(InputError, match=r"bad\.json") as caught:
        read_hindsight(path)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
