"""What bounding a node gives, whichever way it is done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from instances.batch_model import BatchModel
from instances.plan import Plan
from milp.certificate import Split
from milp.lagrangian import Box, Prices, lower_bound
from milp.root.pricing import FloatPrices


@dataclass(frozen=True, eq=False)
class Bounded:
    """A node after bounding.

    Parameters
    ----------
    prices
        Exact prices of the best L found.
    ticks
        That L, rounded up to a whole cost tick (or to a whole unit of infeasibility); None if the box is empty.
    centre
        The prices as floats, where children start.
    split
        On what to divide the node, indices left at 0; None if nothing fractional is left or nothing was solved.
    plan
        A plan that came with the relaxation.
    """

    prices: Prices
    ticks: int | None
    centre: FloatPrices
    split: Split | None
    plan: Plan | None


class NodeSolver(Protocol):
    """Bounds the nodes of a tree."""

    def bound(
        self, box: Box, parent: FloatPrices, parent_prices: Prices, cutoff: int | None, until: float
    ) -> Bounded:
        """Bound a node.

        Parameters
        ----------
        box
            The node.
        parent, parent_prices
            Prices of the parent, as floats and exact: the node is never worse than under these.
        cutoff
            Ticks at which the node is closed.
        until
            Clock time at which to stop.
        """
        ...


def whole_ticks(numerator: int | None, prices: Prices) -> int | None:
    """Return L rounded up to whole ticks; for a zero objective 1 or more if L > 0, and at most 0 otherwise."""
    if numerator is None:
        return None
    return -(-numerator // prices.denominator)


def inherited(model: BatchModel, prices: Prices, box: Box) -> int | None:
    """Return L of given prices in a box, in whole ticks."""
    return whole_ticks(lower_bound(model, prices, box).numerator, prices)
