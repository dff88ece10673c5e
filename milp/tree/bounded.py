"""What bounding a node gives, whichever way it is done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from instances.plan import Plan
from milp.certificate import Split
from milp.lagrangian import Box, Prices, Reduction, Valued
from milp.root.pricing import FloatPrices


@dataclass(frozen=True, eq=False)
class Bounded:
    """A node after bounding.

    Parameters
    ----------
    valued
        The exact prices of the best L found, with all types valued.
    ticks
        That L, rounded up to a whole cost tick (or to a whole unit of infeasibility); None if the box is
        empty.
    centre
        The prices as floats, where children start.
    split
        On what to divide the node, indices left at 0; None if nothing fractional is left or nothing was
        solved.
    plan
        A plan that came with the relaxation.
    """

    valued: Valued
    ticks: int | None
    centre: FloatPrices
    split: Split | None
    plan: Plan | None


class NodeSolver(Protocol):
    """Bounds the nodes of a tree."""

    def bound(
        self,
        box: Box,
        parent: FloatPrices,
        parent_values: Valued,
        cutoff: int | None,
        until: float,
        reduction: Reduction | None = None,
    ) -> Bounded:
        """Bound a node.

        Parameters
        ----------
        box
            The node.
        parent, parent_values
            Prices of the parent, as floats, and exact with all types valued: the node is never worse than
            under these.
        cutoff
            Ticks at which the node is closed.
        until
            Clock time at which to stop.
        reduction
            Pairs that plans under the cutoff can use; None for all.
        """
        ...

    def learn(self, split: Split, high: bool, rise: int) -> None:
        """Note by how many ticks the bound of one case of a split rose over its parent's."""
        ...


def whole_ticks(numerator: int | None, prices: Prices) -> int | None:
    """Return L rounded up to whole ticks; with a zero objective it is over 0 just if L is."""
    if numerator is None:
        return None
    return -(-numerator // prices.denominator)


def bounded_ticks(valued: Valued, box: Box) -> int | None:
    """Return L of valued prices in a box, in whole ticks; None if the box is empty."""
    return whole_ticks(valued.bound(box).numerator, valued.prices)
