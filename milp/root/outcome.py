"""What a search for root prices gives."""

from __future__ import annotations

from dataclasses import dataclass

from instances.plan import Plan
from milp.formulation.selection import Selection
from milp.root.cover_master import CoverMaster
from milp.root.pricing import Evaluated, FloatPrices


@dataclass(frozen=True, eq=False)
class Root:
    """The best prices found, and where to look for plans.

    Attributes
    ----------
    prices, evaluated
        Best prices, and L there in floats.
    selection
        Pairs that the LP solution uses or nearly uses.
    converged
        Whether L met the LP relaxation over all batch types.
    plan
        A plan rounded from the LP solution.
    large
        Whether the instance is too large for engines and trees to help beyond these prices.
    covering
        The LP by cuts, where that is how it was solved; the tree goes on with it.
    """

    prices: FloatPrices
    evaluated: Evaluated
    selection: Selection
    converged: bool
    plan: Plan | None = None
    large: bool = False
    covering: CoverMaster | None = None
