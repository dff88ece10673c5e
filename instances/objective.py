"""What is minimised: the cost, or another metric of the plan as a whole, counted in whole ticks."""

from __future__ import annotations

from fractions import Fraction
from typing import Literal, get_args

from instances.cost import ZERO, CostModel, Phases

Minimized = Literal["cost", "pad_ratio", "total_time", "batches", "shapes"]

MINIMIZED: tuple[str, ...] = get_args(Minimized)
"""Metrics that an instance can minimise."""

ONE = Fraction(1)

TOKENS = CostModel(Phases((ZERO, ONE, ZERO), (ZERO, ZERO, ONE)))
"""Cost model of which a plan's cost is its padded tokens: S of prefill and G of decode per request."""

BATCHES = CostModel(batch=ONE)
"""Cost model of which a plan's cost is its number of batches."""

NOTHING = CostModel()
"""Cost model under which everything is free."""


def objective_model(minimize: Minimized, cost: CostModel) -> CostModel:
    """Return the cost model that counts what is minimised, but for durations and the number of shapes.

    Parameters
    ----------
    minimize
        What is minimised.
    cost
        The instance's cost model.
    """
    models = {"cost": cost, "pad_ratio": TOKENS, "batches": BATCHES}
    return models.get(minimize, NOTHING)
