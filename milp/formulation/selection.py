"""Which batch types, and which pairs of a group and a type, a formulation offers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from instances.batch_model import BatchModel

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Selection:
    """Pairs (group, type), sorted by type and group, without repeats; the types are those of the pairs.

    Attributes
    ----------
    pair_type, pair_group
        int64, shape (pairs,): indices into the batch model.
    """

    pair_type: Ints
    pair_group: Ints

    @classmethod
    def of(cls, pair_type: Ints, pair_group: Ints, groups: int) -> Selection:
        """Return a selection of pairs in any order, repeats allowed; `groups` is the number of groups."""
        key = pair_type.astype(np.int64) * groups + pair_group
        # np.unique hashes integers, which takes several times as long as sorting so many.
        key.sort()
        key = key[np.diff(key, prepend=-1) != 0]
        return cls(key // groups, key % groups)

    @property
    def types(self) -> Ints:
        """The types that occur, ascending."""
        occurring: Ints = self.pair_type[np.diff(self.pair_type, prepend=-1) != 0]
        return occurring

    def keys(self, groups: int) -> Ints:
        """Return one ascending number per pair, the same in every selection, of so many groups."""
        return self.pair_type * groups + self.pair_group

    def __len__(self) -> int:
        return len(self.pair_type)

    def joined(self, other: Selection, groups: int) -> Selection:
        """Return the union with another selection."""
        return Selection.of(
            np.concatenate([self.pair_type, other.pair_type]),
            np.concatenate([self.pair_group, other.pair_group]),
            groups,
        )

    def kept(self, wanted: Callable[[Ints, Ints], npt.NDArray[np.bool_]]) -> Selection:
        """Return the pairs that are wanted, given types and groups."""
        where = wanted(self.pair_type, self.pair_group)
        return Selection(self.pair_type[where], self.pair_group[where])


def full_selection(model: BatchModel) -> Selection:
    """Return every pair that fits."""
    types: list[Ints] = []
    groups: list[Ints] = []
    for stream in range(len(model.instance.streams)):
        of_stream = model.groups.of_stream(stream)
        prompt, gen = model.groups.prompt[of_stream], model.groups.gen[of_stream]
        mine = np.flatnonzero(model.types.stream == stream)
        for block in np.array_split(mine, max(1, len(mine) * len(prompt) // 10**7)):
            fits = prompt[None, :] <= model.types.prompt[block][:, None]
            fits &= gen[None, :] <= model.types.gen[block][:, None]
            row, column = np.nonzero(fits)
            types.append(block[row])
            groups.append(column + of_stream.start)
    return Selection.of(np.concatenate(types), np.concatenate(groups), len(model.groups))
