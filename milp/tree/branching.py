"""Which quantity to split on: the number of shapes, then shapes, batches, and requests."""

from __future__ import annotations

import numpy as np

from milp.certificate import Split
from milp.formulation.arrays import Formulation
from milp.lagrangian.box import Box, Range
from milp.tree.history import SplitHistory
from milp.tree.pool import Floats

INTEGRAL = 1e-6


def choose_split(formulation: Formulation, solution: Floats, history: SplitHistory) -> Split | None:
    """Return a split on the most fractional quantity; None if the solution is integral.

    The children's indices are left at 0.
    """
    columns = formulation.columns
    opened = {shape: float(solution[column]) for shape, column in columns.opened.items()}
    number = sum(opened.values())
    mixed = len(columns.count) and _fractions(solution[columns.count]).max() > INTEGRAL
    if len(columns.count) and (fraction(number) > INTEGRAL or mixed):
        return Split("shapes", (), int(np.floor(number + INTEGRAL)), 0, 0)
    shape = max(opened, key=lambda s: fraction(opened[s]), default=None)
    if shape is not None and fraction(opened[shape]) > INTEGRAL:
        return Split("shape", tuple(formulation.model.types.shapes[shape]), 0, 0, 0)
    return _batch_split(formulation, solution, history) or _request_split(formulation, solution)


def fraction(value: float) -> float:
    """Return the distance to the nearest integer."""
    return abs(value - round(value))


def _fractions(values: Floats) -> Floats:
    distance: Floats = np.abs(values - np.rint(values))
    return distance


def _batch_split(formulation: Formulation, solution: Floats, history: SplitHistory) -> Split | None:
    """Split on the batches of the type whose earlier splits promise most."""
    columns, chosen = formulation.columns, formulation.selection.types
    shared = np.isin(columns.z, list(columns.use.values()))
    values = solution[columns.z]
    best, best_score = None, 0.0
    for place in np.flatnonzero(~shared & (_fractions(values) > INTEGRAL)).tolist():
        name = formulation.model.types.key(int(chosen[place]))
        floor = int(np.floor(values[place]))
        score = history.score("batches", name, float(values[place]) - floor)
        if best is None or score > best_score:
            best, best_score = Split("batches", name, floor, 0, 0), score
    return best


def _request_split(formulation: Formulation, solution: Floats) -> Split | None:
    model, selection = formulation.model, formulation.selection
    values = solution[formulation.columns.x]
    distance = _fractions(values)
    place = int(np.argmax(distance)) if len(distance) else -1
    if place < 0 or distance[place] <= INTEGRAL:
        return None
    group = int(selection.pair_group[place])
    name = model.types.key(int(selection.pair_type[place]))
    lengths = (int(model.groups.prompt[group]), int(model.groups.gen[group]))
    return Split("requests", name + lengths, int(np.floor(values[place])), 0, 0)


def settling_split(formulation: Formulation, solution: Floats, box: Box) -> Split | None:
    """Return a split that settles a quantity at its integral value; None if all are settled.

    Where a relaxation is integral and the bound still does not meet it, as with cold starts, fewer open
    choices make the bound rise.
    """
    model, columns, selection = formulation.model, formulation.columns, formulation.selection
    for shape in columns.opened:
        if shape not in box.opened and shape not in box.closed:
            return Split("shape", tuple(model.types.shapes[shape]), 0, 0, 0)
    for place, index in enumerate(selection.types.tolist()):
        at = _unsettled(box.batches.get(index, (0, None)), round(float(solution[columns.z[place]])))
        if at is not None:
            return Split("batches", model.types.key(index), at, 0, 0)
    pairs = zip(selection.pair_type.tolist(), selection.pair_group.tolist(), strict=True)
    for place, (index, group) in enumerate(pairs):
        most = int(model.groups.count[group])
        least, upper = box.requests.get((group, index), (0, most))
        at = _unsettled((least, upper), round(float(solution[columns.x[place]])))
        if at is not None:
            name = model.types.key(index)
            name += (int(model.groups.prompt[group]), int(model.groups.gen[group]))
            return Split("requests", name, at, 0, 0)
    return None


def _unsettled(bounds: Range, value: int) -> int | None:
    """Return where to split a range that is not yet the value alone."""
    least, most = bounds
    if least < value:
        return value - 1
    return value if most is None or most > value else None
