"""Local search over opened shapes: open one, drop one, or exchange one for another, whichever gains most.

For machines on which a request only chooses among opened shapes: one stream, one batch type per shape, no
capacity and no limits. Gains of all moves are kept up to date over the groups that a move concerns (after
Teitz and Bart 1968; Resende and Werneck 2007, "A fast swap-based local search procedure for location
problems").
"""

from __future__ import annotations

import time

import numpy as np
import numpy.typing as npt

from heuristics.nearest import nearest_plan
from instances.batch_model import BatchModel
from instances.plan import Plan

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

PRECISION = 1e-12
"""Least gain of a move, as a part of the cost: floats tell no smaller ones apart."""
TOO_DEAR = 100.0
"""What a request costs in a type that does not hold it, in multiples of the dearest one that does."""

MOST_CELLS = 20_000_000
"""Groups × candidates whose costs are held at once; 8 bytes each."""


def interchange_plan(model: BatchModel, until: float) -> Plan | None:
    """Return a local optimum, from the one type that holds every request; None if there is too much to hold.

    Parameters
    ----------
    model
        Batch model of the kind that this module is for.
    until
        Clock time (`time.monotonic`) at which to stop.
    """
    if len(model.types) * len(model.groups) > MOST_CELLS:
        return None
    space = Interchange(model, np.arange(len(model.types)))
    return nearest_plan(model, space.descend(longest_type(model), until))


def longest_type(model: BatchModel) -> Ints:
    """Return the type of the longest prompt and gen bounds, shape (1,)."""
    types = model.types
    return np.lexsort((types.gen, types.prompt))[-1:]


class Interchange:
    """The costs of a batch model's groups in some of its types.

    Parameters
    ----------
    model
        Batch model of one stream with one type per shape.
    candidates
        Types that may be opened; together they hold all groups.
    """

    def __init__(self, model: BatchModel, candidates: Ints) -> None:
        types, groups = model.types, model.groups
        self.candidates = candidates
        unit = types.unit_cost[candidates].astype(np.float64)
        fits = groups.prompt[None, :] <= types.prompt[candidates][:, None]
        fits &= groups.gen[None, :] <= types.gen[candidates][:, None]
        count = groups.count.astype(np.float64)
        dear = TOO_DEAR * max(1.0, float(unit.max()))
        self.cost: Floats = np.where(fits, unit[:, None], dear) * count[None, :]
        opening = np.asarray(types.open_once, dtype=np.float64) + np.asarray(types.open_stream, np.float64)
        fixed = types.fixed_cost[candidates].astype(np.float64)
        self.opening: Floats = opening[types.shape[candidates]] + fixed
        self.most = min(model.most_shapes, len(candidates))
        self.count_cost = np.asarray([float(model.count_ticks(n)) for n in range(self.most + 1)])

    def descend(self, opened: Ints, until: float) -> Ints:
        """Return a local optimum.

        Parameters
        ----------
        opened
            Types to start from, all of them candidates; they may be more than a plan can open.
        until
            Clock time (`time.monotonic`) at which to stop.
        """
        state = _State(self, np.searchsorted(self.candidates, opened))
        while time.monotonic() < until and state.move():
            pass
        return np.sort(self.candidates[state.opened])


class _State:
    """Opened candidates, and what every move gains.

    Each group is served by the cheapest opened candidate, `first`, and would go to the `second` cheapest.
    """

    def __init__(self, space: Interchange, opened: Ints) -> None:
        self.space = space
        groups = space.cost.shape[1]
        self.opened = np.unique(opened)
        self.first, self.second = np.full(groups, np.inf), np.full(groups, np.inf)
        self.owner = np.full(groups, -1)
        # Saved by opening a candidate; and what of it is saved twice if an opened one is dropped for it.
        self.saved = np.zeros(len(space.cost))
        self.kept: dict[int, Floats] = {}
        self._serve()

    def move(self) -> bool:
        """Make the best move; tell whether there was any that gains."""
        space, number = self.space, len(self.opened)
        if number > space.most:
            # More are opened than may be: the one that is missed least goes, whatever that costs.
            spare = np.bincount(self.owner, self.second - self.first, minlength=len(space.cost))
            least = (spare - space.opening)[self.opened].argmin()
            self.opened = np.delete(self.opened, least)
            self._serve()
            return True
        open_gain = self.saved - space.opening
        spare = np.bincount(self.owner, self.second - self.first, minlength=len(space.cost))[self.opened]
        drop_loss = spare - space.opening[self.opened]
        nothing = np.zeros(len(space.cost))
        kept = np.stack([self.kept.get(index, nothing) for index in self.opened.tolist()], axis=1)
        swap = open_gain[:, None] - drop_loss[None, :] + kept
        swap[self.opened] = -np.inf
        open_gain[self.opened] = -np.inf
        into, out = np.unravel_index(int(swap.argmax()), swap.shape)
        steps = np.diff(space.count_cost)
        gains = [float(swap[into, out]), -np.inf, -np.inf]
        if number < space.most:
            gains[1] = float(open_gain.max() - steps[number])
        if number > 1:
            gains[2] = float(steps[number - 1] - drop_loss.min())
        best = int(np.argmax(gains))
        if gains[best] <= PRECISION * (float(self.first.sum()) + space.count_cost[number]):
            return False
        if best == 0:
            self.opened[out] = into
        elif best == 1:
            self.opened = np.append(self.opened, open_gain.argmax())
        else:
            self.opened = np.delete(self.opened, drop_loss.argmin())
        self._serve()
        return True

    def _serve(self) -> None:
        """Bring everything up to date with the opened candidates."""
        cost = self.space.cost[self.opened]
        place = cost.argmin(axis=0)
        columns = np.arange(cost.shape[1])
        first, owner = cost[place, columns], self.opened[place]
        cost[place, columns] = np.inf
        second = cost.min(axis=0)
        # With one candidate opened there is no other; any large number serves.
        second[~np.isfinite(second)] = 2 * self.space.cost.max()
        changed = np.flatnonzero((first != self.first) | (second != self.second) | (owner != self.owner))
        if np.isfinite(self.first).all():
            self._count(changed, -1.0)
        self.first, self.second, self.owner = first, second, owner
        self._count(changed, 1.0)
        self.kept = {index: self.kept[index] for index in self.opened.tolist() if index in self.kept}

    def _count(self, groups: Ints, sign: float) -> None:
        """Add or take away what some groups contribute to the gains."""
        cost = self.space.cost[:, groups]
        first, second = self.first[groups], self.second[groups]
        self.saved += sign * np.maximum(0.0, first - cost).sum(axis=1)
        # Dropped for a candidate, the owner's groups go there or to the second, not always to the second.
        rest = np.maximum(0.0, second - np.maximum(first, cost))
        for index in np.unique(self.owner[groups]).tolist():
            share = sign * rest[:, self.owner[groups] == index].sum(axis=1)
            known = self.kept.get(index)
            self.kept[index] = share if known is None else known + share
