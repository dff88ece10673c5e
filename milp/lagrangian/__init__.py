"""Exact lower bounds from prices: L(α, μ) over all batch types, with no solver.

Needs the problem definition and numpy, nothing else: the verifier stands on it.
"""

from milp.lagrangian.bound import Bound, Valued, lower_bound, price_exactly, value_prices
from milp.lagrangian.box import Box
from milp.lagrangian.prices import Prices, Weights, weigh
from milp.lagrangian.reduction import Reduction

__all__ = [
    "Bound",
    "Box",
    "Prices",
    "Reduction",
    "Valued",
    "Weights",
    "lower_bound",
    "price_exactly",
    "value_prices",
    "weigh",
]
