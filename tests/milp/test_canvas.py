"""Pictures: written whole in the format that the name asks for, or refused in one line."""

from pathlib import Path

import pytest

from instances import InputError
from milp.plots.canvas import canvas, save


def test_a_picture_is_of_the_format_that_its_name_says(tmp_path: Path) -> None:
    """The file's first bytes are those of the format."""
    pytest.importorskip("matplotlib")
    figure, (axis,) = canvas()
    axis.plot([0, 1], [0, 1])
    for ending, start in (("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")):
        save(figure, tmp_path / f"line.{ending}")
        assert (tmp_path / f"line.{ending}").read_bytes().startswith(start)


def test_an_unknown_ending_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    """No file of another format appears."""
    pytest.importorskip("matplotlib")
    with pytest.raises(InputError, match="png, svg, pdf"):
        save(canvas()[0], tmp_path / "line.gif")
    assert not list(tmp_path.iterdir())
