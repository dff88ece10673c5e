"""L(α, μ, κ) of an instance, the slow way."""

from __future__ import annotations

from milp.lagrangian.prices import Prices
from tests.milp.reference.box import NamedBox
from tests.milp.reference.definition import Definition, Group, Kind
from tests.milp.reference.evaluation import Evaluation
from tests.milp.reference.reduction import least_costs


class Reference(Definition):
    """An instance and its bounds."""

    def bound(
        self, prices: Prices, box: NamedBox, gone: frozenset[tuple[Kind, Group]] = frozenset()
    ) -> int | None:
        """Return the numerator of L in cost ticks over the prices' denominator; None if the box is empty.

        The pairs in `gone` are left out.
        """
        return Evaluation(self, prices, box, gone).value()

    def least_costs(self, prices: Prices) -> dict[tuple[Kind, Group], int]:
        """Return what plans that use a pair cost at least under the prices, in cost ticks."""
        return least_costs(self, prices)
