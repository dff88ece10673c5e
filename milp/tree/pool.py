"""The pairs that node relaxations are solved over; it grows as prices ask for more."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from instances.batch_model import BatchModel
from milp.formulation.arrays import Formulation
from milp.formulation.build import build
from milp.formulation.selection import Selection
from milp.lagrangian import Box, Reduction
from milp.root.exact import counts_cold_starts
from milp.root.pricing import MOST_ADDED, Evaluated

Floats = npt.NDArray[np.float64]


class Pool:
    """Pairs, and their formulation, rebuilt when pairs are added."""

    def __init__(self, model: BatchModel, selection: Selection) -> None:
        self.model = model
        self.selection = selection
        # Cold starts that bounds do not count would keep relaxations and bounds from meeting.
        self.cold_starts = counts_cold_starts(model)
        self.formulation = build(model, selection, cold_starts=self.cold_starts)

    def add(self, selection: Selection) -> bool:
        """Add pairs; tell whether any was new."""
        grown = self.selection.joined(selection, len(self.model.groups))
        if len(grown) == len(self.selection):
            return False
        self.selection = grown
        self.formulation = build(self.model, grown, cold_starts=self.cold_starts)
        return True

    def keep(self, reduction: Reduction) -> None:
        """Drop the pairs that are left out of account."""
        self.selection = self.selection.kept(reduction.allows)
        self.formulation = build(self.model, self.selection, cold_starts=self.cold_starts)

    def bounds(self, box: Box) -> tuple[Floats, Floats]:
        """Return the bounds of all columns in a box."""
        return column_bounds(self.formulation, box)


def column_bounds(formulation: Formulation, box: Box) -> tuple[Floats, Floats]:
    """Return lower and upper bounds of the columns of a formulation in a box: shape (columns,) each."""
    columns, selection = formulation.columns, formulation.selection
    lower = np.zeros(formulation.width)
    upper = np.asarray([np.inf if u is None else float(u) for u in formulation.upper])
    for (shape, _), column in columns.use.items():
        if shape in box.closed:
            upper[column] = 0.0
    for shape, column in columns.opened.items():
        lower[column] = float(shape in box.opened)
        upper[column] = float(shape not in box.closed)
    chosen = selection.types
    for index, (least, most) in box.batches.items():
        place = int(np.searchsorted(chosen, index))
        if place < len(chosen) and chosen[place] == index:
            column = int(columns.z[place])
            lower[column] = max(lower[column], float(least))
            upper[column] = min(upper[column], np.inf if most is None else float(most))
    keys = selection.pair_type * len(formulation.model.groups) + selection.pair_group
    for (group, index), (least, most) in box.requests.items():
        key = index * len(formulation.model.groups) + group
        place = int(np.searchsorted(keys, key))
        if place < len(keys) and keys[place] == key:
            column = int(columns.x[place])
            lower[column] = max(lower[column], float(least))
            upper[column] = min(upper[column], np.inf if most is None else float(most))
    _bound_count(formulation, box, lower, upper)
    return lower, np.maximum(lower, upper)


def _bound_count(formulation: Formulation, box: Box, lower: Floats, upper: Floats) -> None:
    count = formulation.columns.count
    least, most = box.shapes
    increments = len(count) == min(formulation.model.most_shapes, len(formulation.columns.opened))
    for position, column in enumerate(count.tolist()):
        number = position + 1 if increments else position
        if increments:
            lower[column] = float(number <= least)
            upper[column] = float(most is None or number <= most)
        else:
            upper[column] = float(number >= least and (most is None or number <= most))


def negative_pairs_in_box(evaluated: Evaluated, box: Box, tolerance: float, most: int) -> Selection:
    """Return the negative pairs of the types that L would run in a box."""
    types = evaluated.priced.model.types
    worth = evaluated.part < 0
    shapes = evaluated.chosen.copy()
    shapes[list(box.opened)] = True
    # The cheapest shapes that are not closed take the place of closed ones.
    shapes |= (
        evaluated.shape_value
        <= np.sort(evaluated.shape_value)[
            min(len(evaluated.shape_value) - 1, int(evaluated.chosen.sum()) + len(box.closed))
        ]
    )
    shapes[list(box.closed)] = False
    attractive = shapes[types.shape] & worth[types.shape, types.stream]
    attractive &= evaluated.batch_value < -tolerance
    for index, (_, upper) in box.batches.items():
        attractive[index] &= upper is None or upper > 0
    found = np.flatnonzero(attractive)
    found = found[np.argsort(evaluated.batch_value[found])][:most]
    forced = [index for index, (least, _) in box.batches.items() if least > 0]
    found = np.concatenate([np.asarray(forced, dtype=np.int64), found[~np.isin(found, forced)]])
    return evaluated.negative_pairs(found, most=MOST_ADDED)
