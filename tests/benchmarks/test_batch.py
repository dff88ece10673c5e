"""The folder that batch runs are measured on, and the digits that are flipped in it."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from benchmarks.batch.flips import _flipped
from benchmarks.batch.folder import MALFORMED, good_instance, write_folder
from instances import InputError, digest, read


def test_the_folder_is_the_same_every_time(tmp_path: Path) -> None:
    """Equal numbers give equal files, so that figures can be repeated; each file is what it is said to be."""
    expected = write_folder(tmp_path / "one", 16)
    assert write_folder(tmp_path / "two", 16) == expected
    for name, outcome in expected.items():
        one, two = tmp_path / "one" / name, tmp_path / "two" / name
        assert one.read_bytes() == two.read_bytes()
        if outcome == "bad input":
            with pytest.raises(InputError):
                read(one)
        else:
            read(one)
    assert list(expected.values()).count("bad input") == len(MALFORMED)
    assert len(expected) == 16


def test_instances_are_different() -> None:
    """No two of the folder are the same problem, which would be solved once only."""
    assert len({digest(good_instance(index)) for index in range(60)}) == 60


def test_a_flip_changes_one_digit_into_another() -> None:
    """Nothing but one digit changes, and it does."""
    text = b'{"a": 12, "b": [3]}'
    for seed in range(50):
        flipped = _flipped(text, random.Random(seed))
        places = [index for index in range(len(text)) if text[index] != flipped[index]]
        assert len(places) == 1
        assert chr(text[places[0]]).isdigit()
        assert chr(flipped[places[0]]).isdigit()
