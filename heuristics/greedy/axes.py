"""The lengths that batch types are built from: each stream's groups on a grid of prompt and gen bounds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from instances.groups import Groups

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Cells:
    """Groups of one stream that no bound on the grid tells apart, taken together.

    Attributes
    ----------
    prompt, gen
        int64, shape (cells,): least bounds on the grid that hold the cell.
    count
        float64, shape (cells,): requests.
    members
        int64, shape (k,): the groups.
    of_group
        int64, shape (k,): cell of each.
    """

    prompt: Ints
    gen: Ints
    count: Floats
    members: Ints
    of_group: Ints


def form_cells(groups: Groups, members: Ints, prompts: Ints, gens: Ints) -> Cells:
    """Put some groups of a stream on a grid of ascending bounds that reach their longest lengths."""
    row = np.searchsorted(prompts, groups.prompt[members])
    column = np.searchsorted(gens, groups.gen[members])
    key, of_group = np.unique(row * len(gens) + column, return_inverse=True)
    count = np.bincount(of_group.ravel(), weights=groups.count[members], minlength=len(key)).astype(
        np.float64
    )
    return Cells(prompts[key // len(gens)], gens[key % len(gens)], count, members, of_group.ravel())


def coarse(values: Ints, weight: Ints, most: int) -> Ints:
    """Choose at most about `most` bounds of equal token mass among some lengths, the longest always included.

    Parameters
    ----------
    values, weight
        Lengths and number of requests.
    """
    distinct, of_value = np.unique(values, return_inverse=True)
    if len(distinct) <= most:
        return distinct
    mass = np.bincount(of_value.ravel(), weights=weight * values.astype(np.float64), minlength=len(distinct))
    reached = np.cumsum(mass)
    at = np.searchsorted(reached, reached[-1] * (np.arange(most) + 0.5) / most)
    return np.unique(np.append(distinct[np.minimum(at, len(distinct) - 1)], distinct[-1]))
