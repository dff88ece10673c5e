"""What is minimised: the cost, or another metric of the plan as a whole, counted in whole ticks."""

from __future__ import annotations

from fractions import Fraction
from typing import Literal, get_args

from instances.cost import ZERO, CostModel, Phases
from instances.errors import InputError
from instances.limits import percentile_quantile

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


def refuse_unknown_metric(metric: str) -> None:
    """Refuse what is no metric that can be minimised: one of `MINIMIZED`, or a percentile.

    Raises
    ------
    InputError
        If it is none.
    """
    if metric not in MINIMIZED and percentile_quantile(metric) is None:
        raise InputError(f"one of {', '.join(MINIMIZED)}, or a percentile such as p95", metric)
