"""The root LP where requests only choose among opened shapes, by cuts instead of assignment variables.

Where every shape has one batch type per stream, without capacity or limits, the assignment variables can be
projected out (Benders 1962; for facility location Fischetti, Ljubić and Sinnl 2016, "Redesigning Benders
decomposition for large-scale facility location"). With V_b the cost of a request of group i in type b, whose
shape is used to the extent y_b,

    θ_i ≥ α − Σ_{b: V_b < α} (α − V_b) y_b      for every α,      Σ_{b holds i} y_b ≥ 1,

and the α that is tight at a given y is the cost of the last type that a request spread over the cheapest used
types needs. The duals of the cuts, averaged, are the prices: λ-weighted means of the α of each group.
"""

from __future__ import annotations

import highspy
import numpy as np
import numpy.typing as npt

from instances.batch_model import BatchModel
from milp.lagrangian import Box
from milp.lagrangian.batch_values import negative_pairs
from milp.root.pricing import FloatPrices, price_types

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

COVERS_PER_ROUND = 60
COVER = 1.0
"""α of the rows that require a group to be covered; those of cuts are costs of requests, and larger."""
FORGOTTEN = 3
"""Rounds without a price after which a cut is dropped."""
UNCOVERED = 100.0
"""Price of leaving a group uncovered, in multiples of what all requests cost together."""


def most_opened(model: BatchModel, incumbent: int | None) -> int:
    """Return how many shapes the LP may open.

    Far more shapes than a good plan has are never worth their count cost; L itself is evaluated without this.
    """
    enough = 300 if incumbent is None else 50 + 10 * incumbent
    return min(model.most_shapes, enough)


class CoverMaster:
    """The LP in the used shapes and one θ per group, in HiGHS, warm-started from round to round."""

    def __init__(self, model: BatchModel, incumbent: int | None) -> None:
        types = model.types
        self.model, self.rounds = model, 0
        self.count = model.groups.count.astype(np.float64)
        shapes, groups = len(types.shapes), len(model.groups)
        most = most_opened(model, incumbent)
        steps = np.diff([float(model.count_ticks(n)) for n in range(most + 1)])
        cost = np.asarray(types.open_stream, dtype=float)[types.shape] + types.fixed_cost.astype(float)
        once = np.asarray(types.open_once, dtype=float)
        self.unit = max(1.0, float(self.count.sum()) * float(np.median(types.unit_cost.astype(float))) / 1e5)
        # Columns: use of each type, θ of each group, shapes opened, increments of their number, and a slack
        # that keeps nodes feasible. With one stream a shape is opened where its one type is used.
        self.first_theta = len(types)
        apart = len(model.instance.streams) > 1
        if not apart:
            cost, once, shapes = cost + once[types.shape], once[:0], 0
        first_shape = self.first_theta + groups
        first_step = first_shape + shapes
        self.steps = first_step + np.arange(most)
        costs = np.concatenate([cost, self.count, once, steps, [UNCOVERED * 1e5 * self.unit]]) / self.unit
        upper = np.ones(len(costs))
        upper[self.first_theta : first_shape] = upper[-1] = np.inf
        opened = np.arange(first_shape, first_step) if apart else np.arange(len(types))
        self.slack = len(costs) - 1
        counted = np.concatenate([opened, np.arange(first_step, self.slack)])
        signs = np.where(counted < first_step, 1.0, -1.0)
        links = (
            np.stack([np.arange(len(types)), first_shape + types.shape], axis=1).ravel()
            if apart
            else opened[:0]
        )
        rows = 1 + len(links) // 2
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = len(costs), rows
        lp.col_cost_, lp.col_lower_, lp.col_upper_ = costs, np.zeros(len(costs)), upper
        lp.row_lower_ = np.concatenate([[0.0], np.full(rows - 1, -np.inf)])
        lp.row_upper_ = np.zeros(rows)
        lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        lp.a_matrix_.start_ = np.concatenate([[0], len(counted) + 2 * np.arange(rows)])
        lp.a_matrix_.index_ = np.concatenate([counted, links])
        lp.a_matrix_.value_ = np.concatenate([signs, np.tile([1.0, -1.0], rows - 1)])
        self.fixed_rows = rows
        self.shape_column = np.full(len(types.shapes), -1)
        self.shape_column[types.shape] = first_shape + types.shape if apart else np.arange(len(types))
        self.upper = upper
        self.solver = highspy.Highs()
        self.solver.setOptionValue("output_flag", False)
        # Presolve would throw away the basis of the round before.
        self.solver.setOptionValue("presolve", "off")
        self.solver.passModel(lp)
        self.cut_group: Ints = np.zeros(0, dtype=np.int64)
        self.cut_alpha: Floats = np.zeros(0)
        self.cut_age: Ints = np.zeros(0, dtype=np.int64)
        self.covered: set[int] = set()
        nothing = FloatPrices(np.zeros(groups), np.zeros(0))
        self.costs = price_types(model, nothing)

    def solve(self) -> bool:
        """Solve the LP; afterwards `value`, `used`, `theta` and `alpha` say what came out."""
        self.rounds += 1
        self.solver.run()
        if self.solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return False
        solution = self.solver.getSolution()
        primal = np.asarray(solution.col_value)
        dual = np.asarray(solution.row_dual)[self.fixed_rows :] * self.unit / np.maximum(1.0, self.cut_alpha)
        groups = len(self.count)
        self.value = self.solver.getInfo().objective_function_value * self.unit
        self.used = primal[: self.first_theta]
        self.opened = np.where(self.shape_column >= 0, primal[self.shape_column], 0.0)
        self.theta = primal[self.first_theta : self.first_theta + groups]
        self.alpha = np.bincount(self.cut_group, dual * self.cut_alpha, minlength=groups) / self.count
        self.cut_age = np.where(dual > 0, 0, self.cut_age + 1)
        return True

    def forget(self) -> None:
        """Drop the cuts that have had no price for some rounds, if they are many: they only cost time."""
        old = (self.cut_age >= FORGOTTEN) & (self.cut_alpha != COVER)
        if old.sum() < len(self.count):
            return
        basis = self.solver.getBasis()
        rows = self.fixed_rows + np.flatnonzero(old)
        self.solver.deleteRows(len(rows), rows.astype(np.int32))
        kept = np.ones(self.fixed_rows + len(old), dtype=bool)
        kept[rows] = False
        status = list(basis.row_status)
        basis.row_status = [status[row] for row in np.flatnonzero(kept).tolist()]
        self.solver.setBasis(basis)
        self.cut_group, self.cut_alpha = self.cut_group[~old], self.cut_alpha[~old]
        self.cut_age = self.cut_age[~old]

    def restrict(self, box: Box, excluded: Ints | None = None) -> None:
        """Set the bounds of all columns to those of a tree node, some types excluded."""
        lower, upper = np.zeros(len(self.upper)), self.upper.copy()
        for shape in box.opened:
            lower[self.shape_column[shape]] = 1.0
        types = self.model.types
        if excluded is not None:
            upper[excluded] = 0.0
        if box.closed:
            gone = np.isin(types.shape, list(box.closed))
            upper[: len(types)][gone] = 0.0
            upper[self.shape_column[list(box.closed)]] = 0.0
        for index, (least, most) in box.batches.items():
            lower[index] = float(least > 0)
            upper[index] = 1.0 if most is None else float(most)
        number = np.arange(1, len(self.steps) + 1)
        lower[self.steps] = number <= box.shapes[0]
        if box.shapes[1] is not None:
            upper[self.steps] = number <= box.shapes[1]
        columns = np.arange(len(lower), dtype=np.int32)
        self.solver.changeColsBounds(len(lower), columns, lower, np.maximum(lower, upper))

    def separate(self, used: Floats) -> tuple[Floats, Floats, Ints]:
        """Spread each group over the cheapest used types.

        Returns
        -------
        alpha, cost
            Shape (groups,): cost of the last type needed, and cost of a request.
        uncovered
            The groups whose used types add up to less than one.
        """
        model = self.model
        alpha, cost = np.zeros(len(self.count)), np.zeros(len(self.count))
        short: list[Ints] = []
        for stream in range(len(model.instance.streams)):
            of_stream = model.groups.of_stream(stream)
            groups = np.arange(of_stream.start, of_stream.stop)
            support = np.flatnonzero((used > 1e-9) & (model.types.stream == stream))
            if not len(support):
                short.append(groups)
                alpha[groups] = cost[groups] = 1.0
                continue
            # What a request costs beyond its own part is the same for all requests of a type.
            support = support[np.argsort(self.costs.type_unit[support], kind="stable")]
            unit, own = self.costs.type_unit[support], self.costs.group_gain[groups]
            fits = self.costs.model.fits(support, groups)
            share = np.where(fits, used[support][:, None], 0.0)
            reached = np.cumsum(share, axis=0)
            place = (reached < 1.0 - 1e-9).sum(axis=0)
            whole = place < len(support)
            last = np.where(fits, unit[:, None], -np.inf).max(axis=0)
            last = np.where(whole, unit[np.minimum(place, len(support) - 1)], last)
            # A group that no used type holds gets the price that is used for covering.
            held = np.isfinite(last)
            alpha[groups] = np.where(held, last - own, 1.0)
            saved = np.maximum(0.0, np.where(held, last, 0.0)[None, :] - unit[:, None]) * share
            cost[groups] = alpha[groups] - saved.sum(axis=0)
            short.append(groups[~whole])
        return alpha, cost, np.concatenate(short)

    def cut(self, alpha: Floats, wanted: npt.NDArray[np.bool_]) -> int:
        """Add the cuts at `alpha` of the wanted groups; return their number."""
        rows = np.flatnonzero(wanted)
        under_prices = price_types(self.model, FloatPrices(np.where(wanted, alpha, -1e300), np.zeros(0)))
        none = np.zeros(0, dtype=np.int64)
        parts = [(none, none, np.zeros(0)), *negative_pairs(under_prices)]
        chosen, groups, costs = (np.concatenate(part) for part in zip(*parts, strict=True))
        saved = -costs
        scale = np.maximum(1.0, alpha[rows])
        place = np.full(len(wanted), -1)
        place[rows] = np.arange(len(rows))
        row = np.concatenate([np.arange(len(rows)), place[groups]])
        column = np.concatenate([self.first_theta + rows, chosen])
        value = np.concatenate([np.ones(len(rows)), saved]) / scale[row]
        order = np.lexsort((column, row))
        starts = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=len(rows)))])[:-1]
        self.solver.addRows(
            len(rows),
            alpha[rows] / scale,
            np.full(len(rows), np.inf),
            len(order),
            starts.astype(np.int32),
            column[order].astype(np.int32),
            value[order],
        )
        self.cut_group = np.concatenate([self.cut_group, rows])
        self.cut_alpha = np.concatenate([self.cut_alpha, alpha[rows]])
        self.cut_age = np.concatenate([self.cut_age, np.zeros(len(rows), dtype=np.int64)])
        return len(rows)

    def cover(self, uncovered: Ints) -> int:
        """Require some of the uncovered groups to be covered; return how many."""
        new = [group for group in uncovered.tolist() if group not in self.covered][:COVERS_PER_ROUND]
        types, groups = self.model.types, self.model.groups
        columns: list[Ints] = []
        for group in new:
            holds = (types.stream == groups.stream[group]) & (types.prompt >= groups.prompt[group])
            columns.append(np.append(np.flatnonzero(holds & (types.gen >= groups.gen[group])), self.slack))
        if new:
            starts = np.cumsum([0, *(len(part) for part in columns[:-1])])
            index = np.concatenate(columns)
            ones, most = np.ones(len(new)), np.full(len(new), np.inf)
            self.solver.addRows(
                len(new),
                ones,
                most,
                len(index),
                starts.astype(np.int32),
                index.astype(np.int32),
                np.ones(len(index)),
            )
        self.covered.update(new)
        self.cut_group = np.concatenate([self.cut_group, np.asarray(new, dtype=np.int64)])
        # The dual of a cover row prices the group by itself: a cut with α = 1 and no θ.
        self.cut_alpha = np.concatenate([self.cut_alpha, np.full(len(new), COVER)])
        self.cut_age = np.concatenate([self.cut_age, np.zeros(len(new), dtype=np.int64)])
        return len(new)
