"""The LP relaxation of a formulation in HiGHS, with prices kept inside a box around a centre.

The box is the boxstep method (Marsten, Hogan and Blankenship 1975): each assignment and limit row gets two
slack columns, whose costs are the ends of the interval that its price may lie in.
"""

from __future__ import annotations

import highspy
import numpy as np
import numpy.typing as npt

from milp.formulation.arrays import Formulation
from milp.root.basis import Basis
from milp.root.scaled import PriceBox, Relaxed, Scaled

Floats = npt.NDArray[np.float64]


class Relaxation:
    """The relaxation of one formulation, kept in HiGHS: each solve starts where the last ended.

    Parameters
    ----------
    formulation
        What to relax.
    objective
        Weight of the cost: 1, or 0 to look for a proof of infeasibility.
    start
        Basis of the first solve.
    """

    def __init__(self, formulation: Formulation, objective: float, start: Basis | None = None) -> None:
        self.formulation = formulation
        self._scaled = Scaled(formulation, objective)
        self._start = start
        self._solver = highspy.Highs()
        self._solver.setOptionValue("output_flag", False)
        # What duals lack, the exact bound lacks.
        self._solver.setOptionValue("dual_feasibility_tolerance", 1e-9)
        self._slacks = -1

    def solve(
        self,
        box: PriceBox | None,
        *,
        time_limit: float,
        lower: Floats | None = None,
        upper: Floats | None = None,
    ) -> Relaxed:
        """Solve it.

        Parameters
        ----------
        box
            Interval of the prices; None for no slack columns.
        time_limit
            Seconds.
        lower, upper
            Shape (columns,): bounds of the columns instead of the formulation's own.
        """
        scaled, solver = self._scaled, self._solver
        solver.setOptionValue("time_limit", max(0.1, time_limit) + solver.getRunTime())
        low, high = scaled.bounds(lower, upper)
        if self._slacks < 0:
            solver.passModel(scaled.model(box, low, high))
            self._slacks = solver.getNumCol() - self.formulation.width
            if self._start is not None:
                # Presolve would throw the basis away.
                solver.setOptionValue("presolve", "off")
                self._start.start(solver, self.formulation, self._slacks)
        else:
            solver.setOptionValue("presolve", "off")
            width = self.formulation.width
            solver.changeColsBounds(width, np.arange(width, dtype=np.int32), low, high)
            if box is not None:
                costs = scaled.slacks(box)[2]
                where = np.arange(width, width + self._slacks, dtype=np.int32)
                solver.changeColsCost(self._slacks, where, costs)
        solver.run()
        ended = solver.getModelStatus()
        if ended not in (highspy.HighsModelStatus.kOptimal, highspy.HighsModelStatus.kTimeLimit):
            # A basis from elsewhere can lead the simplex method astray: once more from nothing.
            solver.clearSolver()
            solver.setOptionValue("presolve", "on")
            solver.run()
        solved = solver.getModelStatus() == highspy.HighsModelStatus.kOptimal
        return scaled.result(solver, solved, box)

    def basis(self) -> Basis | None:
        """Return the basis of the last solve."""
        return Basis.read(self._solver, self.formulation, self._slacks)
