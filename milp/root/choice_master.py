"""The LP in which requests choose among opened shapes at given costs, by aggregated Benders cuts.

As in `cover_master`, the assignment is projected out: with each request spread over its cheapest used parts,

    θ_C ≥ Σ_{i in C} n_i [α_i − Σ_{s: V_is < α_i} (α_i − V_is) y_s]   for every α,   Σ_{s holds i} y_s ≥ 1,

here with one θ for all groups of a stream and prompt: they rank the shapes alike, or nearly, so that little
is lost, and the LP stays small however many gens there are.
"""

from __future__ import annotations

import highspy
import numpy as np
import numpy.typing as npt

from instances.batch_model import BatchModel
from milp.root.choice import Choice
from milp.root.cover_master import UNCOVERED, most_opened

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


class ChoiceMaster:
    """The LP in the used parts and one θ per class of groups, in HiGHS, warm-started from round to round."""

    def __init__(self, model: BatchModel, choice: Choice) -> None:
        groups, types = model.groups, model.types
        self.choice = choice
        self.count = groups.count.astype(np.float64)
        _, self.of_class = np.unique(
            np.column_stack([groups.stream, groups.prompt]), axis=0, return_inverse=True
        )
        self.of_class = self.of_class.ravel()
        self.least = choice.value.min(axis=1)
        floor = np.bincount(self.of_class, self.count * self.least)
        steps = np.diff([float(model.count_ticks(n)) for n in range(most_opened(model, None) + 1)])
        opening, once = (np.asarray(c, dtype=float) for c in (types.open_stream, types.open_once))
        self.unit = max(1.0, float(floor.sum()) / 1e6)
        # Columns: use of each part, θ of each class, opened shapes, increments of their number, and a slack
        # that keeps the LP feasible before all groups are covered.
        first_theta = len(choice.shape)
        first_shape = first_theta + len(floor)
        first_step = first_shape + len(once)
        self.theta_columns = np.arange(first_theta, first_shape)
        self.slack = first_step + len(steps)
        slack = UNCOVERED * 1e6 * self.unit
        costs = np.concatenate([opening[choice.shape], np.ones(len(floor)), once, steps, [slack]])
        lower, upper = np.zeros(len(costs)), np.ones(len(costs))
        lower[self.theta_columns] = floor / self.unit
        upper[self.theta_columns] = upper[-1] = np.inf
        costs[:first_theta] /= self.unit
        costs[first_shape:] /= self.unit
        self.solver = highspy.Highs()
        self.solver.setOptionValue("output_flag", False)
        # Presolve would throw away the basis of the round before.
        self.solver.setOptionValue("presolve", "off")
        for cost, low, high in zip(costs.tolist(), lower.tolist(), upper.tolist(), strict=True):
            self.solver.addCol(cost, low, high, 0, np.zeros(0, dtype=np.int32), np.zeros(0))
        opened = np.arange(first_shape, self.slack)
        signs = np.where(opened < first_step, 1.0, -1.0)
        self._row(0.0, 0.0, opened, signs)
        for part, shape in enumerate(choice.shape.tolist()):
            self._row(-np.inf, 0.0, np.asarray([part, first_shape + shape]), np.asarray([1.0, -1.0]))
        self.rows: list[tuple[str, Ints, Floats]] = []
        self._cover()

    def _row(self, low: float, high: float, columns: Ints, values: Floats) -> None:
        self.solver.addRow(low, high, len(columns), columns.astype(np.int32), values)

    def _cover(self) -> None:
        """Require every group to be held by a used part; groups held by the same parts share a row."""
        held, pattern = np.unique(np.isfinite(self.choice.value), axis=0, return_inverse=True)
        for index, row in enumerate(held):
            columns = np.append(np.flatnonzero(row), self.slack)
            self._row(1.0, np.inf, columns, np.ones(len(columns)))
            members = np.flatnonzero(pattern.ravel() == index)
            # The dual of the row is shared out by requests.
            share = np.full(len(members), 1.0 / self.count[members].sum())
            self.rows.append(("cover", members, share))

    def solve(self) -> bool:
        """Solve the LP; afterwards `value`, `used`, `theta` and `alpha` say what came out."""
        self.solver.run()
        if self.solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return False
        solution = self.solver.getSolution()
        primal = np.asarray(solution.col_value)
        dual = np.maximum(0.0, np.asarray(solution.row_dual)[-len(self.rows) :])
        self.value = float(self.solver.getInfo().objective_function_value) * self.unit
        self.used = primal[: len(self.choice.shape)]
        self.theta = primal[self.theta_columns] * self.unit
        weight = np.zeros(len(self.theta))
        alpha = np.zeros(len(self.count))
        for price, (kind, members, values) in zip(dual.tolist(), self.rows, strict=True):
            if price <= 0.0:
                continue
            if kind == "cover":
                alpha[members] += price * self.unit * values
            else:
                alpha[members] += price * values
                weight[self.of_class[members[0]]] += price
        # What cuts do not weigh is the lower bound of θ: every request at its least.
        self.alpha = alpha + np.maximum(0.0, 1.0 - weight)[self.of_class] * self.least
        return True

    def separate(self, used: Floats) -> tuple[Floats, Floats, bool]:
        """Spread each request over its cheapest used parts.

        Returns
        -------
        alpha, cost
            Shape (groups,): cost of the last part needed, and cost of a request.
        covered
            Whether the used parts hold every request in full.
        """
        support = np.flatnonzero(used > 1e-9)
        values = self.choice.value[:, support]
        order = np.argsort(values, axis=1, kind="stable")
        values = np.take_along_axis(values, order, axis=1)
        share = np.where(np.isfinite(values), used[support][order], 0.0)
        place = (np.cumsum(share, axis=1) < 1.0 - 1e-7).sum(axis=1)
        whole = place < len(support)
        last = values[np.arange(len(values)), np.minimum(place, max(0, len(support) - 1))]
        whole &= np.isfinite(last)
        finite = np.where(np.isfinite(values), values, -np.inf).max(axis=1, initial=-np.inf)
        alpha = np.where(whole, last, np.maximum(finite, self.least))
        saved = np.maximum(0.0, alpha[:, None] - values)
        return alpha, alpha - (saved * share).sum(axis=1), bool(whole.all())

    def cut(self, alpha: Floats, classes: Ints) -> None:
        """Add the cuts at `alpha` of some classes."""
        for index in classes.tolist():
            members = np.flatnonzero(self.of_class == index)
            saved = np.maximum(0.0, alpha[members, None] - self.choice.value[members])
            total = self.count[members] @ saved / self.unit
            columns = np.flatnonzero(total)
            self._row(
                float(self.count[members] @ alpha[members]) / self.unit,
                np.inf,
                np.append(columns, self.theta_columns[index]),
                np.append(total[columns], 1.0),
            )
            self.rows.append(("cut", members, alpha[members]))
