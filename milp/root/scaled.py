"""The LP of a formulation in units that suit HiGHS, and its duals as prices."""

from __future__ import annotations

from dataclasses import dataclass

import highspy
import numpy as np
import numpy.typing as npt

from milp.formulation.arrays import Formulation
from milp.root.pricing import FloatPrices

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class PriceBox:
    """Interval of each price: shape (groups,) and (limit rows,), in cost ticks per unit."""

    group_lower: Floats
    group_upper: Floats
    limit_lower: Floats
    limit_upper: Floats

    @classmethod
    def around(cls, centre: FloatPrices, group_radius: Floats, limit_radius: Floats) -> PriceBox:
        """Return the box of given radii; limit prices stay at least 0."""
        return cls(
            centre.group - group_radius,
            centre.group + group_radius,
            np.maximum(0.0, centre.limit - limit_radius),
            centre.limit + limit_radius,
        )


@dataclass(frozen=True, eq=False)
class Relaxed:
    """Solution of the relaxation.

    Attributes
    ----------
    solved
        Whether the LP was solved to optimality; without, there is nothing else.
    value
        Its objective in cost ticks.
    prices
        Its duals as prices.
    solution
        Shape (columns,): its primal values, x in requests.
    slack
        Sum of the slack columns: 0 if the box does not bind.
    """

    solved: bool
    value: float
    prices: FloatPrices
    solution: Floats
    slack: float


class Scaled:
    """The relaxation in units that suit HiGHS's tolerances: shares of groups, costs of order 10³."""

    def __init__(self, formulation: Formulation, objective: float) -> None:
        self.formulation = formulation
        model, columns = formulation.model, formulation.columns
        count = model.groups.count.astype(np.float64)
        self.column_scale = np.ones(formulation.width)
        self.column_scale[columns.x] = count[formulation.selection.pair_group]
        self.row_scale = np.ones(formulation.height)
        self.row_scale[formulation.assign_row] = count
        kinds = np.asarray(formulation.row_kind)
        links = np.flatnonzero(kinds == "link")
        self.row_scale[links] = count[formulation.selection.pair_group]
        for (group, _), row in formulation.link_row.items():
            self.row_scale[row] = count[group]
        for row in formulation.limit_row:
            bound = formulation.row_upper[row]
            self.row_scale[row] = max(1.0, abs(float(bound or 0)))
        cost = formulation.objective.astype(np.float64) * self.column_scale
        self.unit = max(1.0, float(np.abs(cost).max(initial=1.0)) / 1e3)
        self.cost = objective * cost / self.unit
        self.objective = objective

    def bounds(self, lower: Floats | None, upper: Floats | None) -> tuple[Floats, Floats]:
        """Return the scaled bounds of the formulation's columns."""
        f = self.formulation
        count = f.model.groups.count[f.selection.pair_group].astype(np.float64)
        low = np.zeros(f.width) if lower is None else lower / self.column_scale
        if upper is None:
            upper = np.asarray([np.inf if u is None else float(u) for u in f.upper])
        # x ≤ n_i follows from the assignment rows; leaving it out keeps its dual from hiding in the bound.
        high = upper / self.column_scale
        x = f.columns.x
        high[x] = np.where(upper[x] >= count, np.inf, high[x])
        return low, high

    def model(self, box: PriceBox | None, lower: Floats, upper: Floats) -> highspy.HighsLp:
        """Return the LP with bounds as `bounds` gives them, and slack columns behind if there is a box."""
        f = self.formulation
        value = f.entry_value.astype(np.float64)
        value = value * self.column_scale[f.entry_column] / self.row_scale[f.entry_row]
        cost, row, column = self.cost, f.entry_row, f.entry_column
        if box is not None:
            slack_row, slack_value, slack_cost = self.slacks(box)
            number = len(slack_row)
            row = np.concatenate([row, slack_row])
            column = np.concatenate([column, f.width + np.arange(number)])
            value = np.concatenate([value, slack_value])
            cost = np.concatenate([cost, slack_cost])
            lower = np.concatenate([lower, np.zeros(number)])
            upper = np.concatenate([upper, np.full(number, np.inf)])
        order = np.lexsort((row, column))
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = len(cost), f.height
        lp.col_cost_, lp.col_lower_, lp.col_upper_ = cost, lower, upper
        scale = self.row_scale
        lp.row_lower_ = np.asarray([-np.inf if b is None else float(b) for b in f.row_lower]) / scale
        lp.row_upper_ = np.asarray([np.inf if b is None else float(b) for b in f.row_upper]) / scale
        lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        lp.a_matrix_.start_ = np.concatenate([[0], np.cumsum(np.bincount(column, minlength=len(cost)))])
        lp.a_matrix_.index_ = row[order]
        lp.a_matrix_.value_ = value[order]
        return lp

    def slacks(self, box: PriceBox) -> tuple[npt.NDArray[np.int64], Floats, Floats]:
        """Return row, coefficient and cost of every slack column."""
        f = self.formulation
        assign, limit = f.assign_row, np.asarray(f.limit_row, dtype=np.int64)
        per_group = self.row_scale[assign] / self.unit
        per_limit = self.row_scale[limit] / self.unit if len(limit) else np.zeros(0)
        rows = np.concatenate([assign, assign, limit, limit])
        values = np.concatenate(
            [np.ones(len(assign)), -np.ones(len(assign)), -np.ones(len(limit)), np.ones(len(limit))]
        )
        costs = np.concatenate(
            [
                box.group_upper * per_group,
                -box.group_lower * per_group,
                box.limit_upper * per_limit,
                -box.limit_lower * per_limit,
            ]
        )
        return rows, values, costs

    def result(self, solver: highspy.Highs, solved: bool, box: PriceBox | None) -> Relaxed:
        """Return what a solver ended with, in the formulation's own units."""
        f, model = self.formulation, self.formulation.model
        if not solved:
            nothing = FloatPrices(np.zeros(len(model.groups)), np.zeros(len(model.rows)), self.objective)
            return Relaxed(False, 0.0, nothing, np.zeros(f.width), 0.0)
        raw = solver.getSolution()
        dual = np.asarray(raw.row_dual) * self.unit / self.row_scale
        primal = np.asarray(raw.col_value)
        pairs = list(f.link_row)
        rows = np.asarray([f.link_row[pair] for pair in pairs], dtype=np.int64)
        link = np.maximum(0.0, -dual[rows]) if len(rows) else np.zeros(0)
        kept = np.flatnonzero(link > 0)
        ends = np.asarray(pairs, dtype=np.int64).reshape(-1, 2)
        prices = FloatPrices(
            group=dual[f.assign_row],
            limit=np.maximum(0.0, -dual[np.asarray(f.limit_row, dtype=np.int64)]),
            objective=self.objective,
            link_group=ends[kept, 0],
            link_shape=ends[kept, 1],
            link=link[kept],
        )
        slack = 0.0
        if box is not None:
            used = primal[f.width :]
            slack = float(used.sum())
        value = solver.getInfo().objective_function_value * self.unit + self.objective * f.constant
        return Relaxed(True, value, prices, primal[: f.width] * self.column_scale, slack)
