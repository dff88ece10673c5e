"""One look for all pictures, and how they are written."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from instances.errors import InputError
from instances.files.atomic import atomic_write

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, FAINT = "#222222", "#bbbbbb"
COLOURS = ("#1f5fa8", "#d1600f", "#2c7d4f", "#9b2d6e", "#7a6a00", "#4b4b9b")
"""Lines and points, in the order in which they are used; told apart without colour vision by lightness."""

FORMATS = ("png", "svg", "pdf")
"""Endings of picture files."""


def canvas(
    width: float = 8.0, height: float = 4.8, rows: int = 1, columns: int = 1
) -> tuple[Figure, list[Axes]]:
    """Return a figure and its axes, row by row.

    Parameters
    ----------
    width, height
        Of the whole figure, in inches.
    rows, columns
        Grid of axes.

    Raises
    ------
    InputError
        If matplotlib is not installed.
    """
    try:
        # Without pyplot there is no state and no window system to ask for.
        from matplotlib.figure import Figure
    except ImportError:
        raise InputError("matplotlib for pictures (`pip install 'batchproof[plot]'`)") from None
    figure = Figure(figsize=(width, height), dpi=150, layout="constrained", facecolor="white")
    axes = list(figure.subplots(rows, columns, squeeze=False).flat)
    for axis in axes:
        for side in ("top", "right"):
            axis.spines[side].set_visible(False)
        axis.grid(color=FAINT, linewidth=0.4)
        axis.set_axisbelow(True)
        axis.tick_params(labelsize=8)
    return figure, axes


def refuse_unknown_format(path: Path) -> None:
    """Refuse a picture file whose ending is none of `FORMATS`, before anything is computed for it.

    Raises
    ------
    InputError
        If the ending is another.
    """
    if path.suffix.lstrip(".").lower() not in FORMATS:
        raise InputError(f"a file name ending in {', '.join(FORMATS)}", path.name)


def save(figure: Figure, path: Path) -> None:
    """Write a figure in the format that the file's ending names."""
    refuse_unknown_format(path)
    with atomic_write(path) as file:
        figure.savefig(file, format=path.suffix.lstrip(".").lower())
