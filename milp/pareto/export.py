"""A trade-off curve as columns for other programs, and its plans and certificates as files."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pandas

from instances.files import write_plan
from instances.files.atomic import atomic_write
from milp.certificate_file import write_certificate
from milp.pareto.curve import Curve, Point

COLUMNS = ("most", "x", "y", "lower_bound", "gap", "status", "on_front", "line_intercept", "line_slope")


def write_csv(curve: Curve, path: Path) -> None:
    """Write a curve as CSV: one row per question that was asked, by ascending `most`.

    Every plan whose x is at most `most` (any plan, where it is empty) has a y of at least `lower_bound`, and
    every plan at all has ``y ≥ line_intercept + line_slope · x``. `x` and `y` are those of the plan found.
    Numbers are the floats nearest to the exact ones.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    rows = [_row(curve, point) for point in curve.points]
    with atomic_write(path) as file:
        pandas.DataFrame(rows, columns=list(COLUMNS)).to_csv(file, index=False)


def _row(curve: Curve, point: Point) -> tuple[object, ...]:
    line = point.line
    numbers = (point.most, point.x, point.y, point.lower_bound, None if point.is_empty else point.result.gap)
    return (
        *map(_float, numbers),
        point.result.status.value,
        (point.x, point.y) in curve.front,
        _float(None if line is None else line.intercept),
        _float(None if line is None else line.slope),
    )


def _float(value: Fraction | None) -> float | None:
    return None if value is None else float(value)


def write_proofs(curve: Curve, folder: Path, name: str) -> dict[str, Path]:
    """Write the plans of the front and the certificates of all points; return the files by what they are.

    Parameters
    ----------
    curve
        The curve.
    folder
        Where to, which exists.
    name
        How the files' names begin; a number follows, in ascending order of the most x allowed.
    """
    files: dict[str, Path] = {}
    for number, point in enumerate(curve.points, 1):
        if point.result.plan is not None and (point.x, point.y) in curve.front:
            files[f"plan {number}"] = folder / f"{name}.{number:02}.plan.jsonl"
            write_plan(point.result.plan, point.result.instance, files[f"plan {number}"])
        if point.result.certificate is not None:
            files[f"certificate {number}"] = folder / f"{name}.{number:02}.certificate.json.gz"
            write_certificate(point.result.certificate, files[f"certificate {number}"])
    return files
