"""How numbers and progress are printed."""

from __future__ import annotations

import io
from fractions import Fraction
from types import SimpleNamespace

import pytest

from milp.cli.progress import progress_text, shown_progress
from milp.cli.records import exact
from milp.cli.tables import number, percent

ERASE_LINE = "\x1b[2K"


def progress(seconds: float, incumbent: int | None, bound: int | None) -> SimpleNamespace:
    """Return what a search reports."""
    fractions = (None if value is None else Fraction(value) for value in (incumbent, bound))
    return SimpleNamespace(
        seconds=seconds, phase="root", **dict(zip(("incumbent", "lower_bound"), fractions, strict=True))
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "none"),
        (Fraction(0), "0"),
        (10**30, "1" + ",000" * 10),
        (Fraction(1, 3), "0.33333"),
        (Fraction(10001, 2), "5,000.5"),
    ],
)
def test_number(value, text):
    """Integers are written in full, fractions to what a reader needs."""
    assert number(value) == text


def test_a_tiny_gap_does_not_read_as_zero():
    """Only a proven optimum reads as 0 %."""
    assert percent(Fraction(0)) == "0 %"
    assert percent(Fraction(1, 10**9)) == "1e-07 %"


def test_exact_numbers_in_json():
    """Whole numbers are integers of any size, others strings, and each has a float."""
    assert exact("cost", Fraction(2**70)) == {"cost": 2**70, "cost_float": float(2**70)}
    assert exact("gap", Fraction(1, 3)) == {"gap": "1/3", "gap_float": 1 / 3}
    assert exact("gap", None) == {"gap": None, "gap_float": None}


def test_progress_text_has_a_gap_only_with_both_ends():
    """Nothing is divided by what is not known, or by zero."""
    assert "gap" not in progress_text(progress(0, None, 5))
    assert "gap" not in progress_text(progress(0, 5, None))
    assert "gap 0 %" in progress_text(progress(0, 0, 0))
    assert "gap 10 %" in progress_text(progress(0, 100, 90))


def test_plain_progress_goes_to_stderr_once_per_change(capsys):
    """Off a terminal each change is a line, repeated or hasty reports are not."""
    with shown_progress() as show:
        for seconds, bound in ((0, 90), (0.1, 91), (1.5, 91), (3, 91)):
            show(progress(seconds, 100, bound))
    captured = capsys.readouterr()
    assert captured.out == ""
    assert [line.split("bound ")[1] for line in captured.err.splitlines()] == ["90, gap 10 %", "91, gap 9 %"]


def test_live_progress_on_a_terminal_is_one_line_that_vanishes(monkeypatch, capsys):
    """On a terminal the line is redrawn in place, tells the latest, and is erased at the end."""

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    with shown_progress() as show:
        show(progress(0, 100, 90))
        show(progress(0.1, 100, 91))
    assert "certified bound 91, gap 9 %" in terminal.getvalue()
    assert terminal.getvalue().endswith(ERASE_LINE)
    assert capsys.readouterr().out == ""
