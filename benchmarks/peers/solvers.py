"""General solvers on a program, cold: no first plan, no reduction, whatever they do by themselves."""

from __future__ import annotations

import math
import re
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from benchmarks.peers.program import Ints, Program

THREADS = 2


@dataclass(frozen=True)
class Answer:
    """What a solver says.

    Parameters
    ----------
    claim
        ``optimal``, ``infeasible``, or ``open`` if it came to no end.
    solution
        Shape (columns,): values; None without one.
    bound
        Its lower bound in cost ticks; None without one.
    """

    claim: str
    solution: Ints | None
    bound: float | None


Solver = Callable[[Program, float], Answer]
"""From a program and a time limit in seconds to an answer."""


def cpsat(program: Program, limit: float) -> Answer:
    """Solve with CP-SAT, through the package's own engine but without a hint."""
    from milp.engines.cpsat import cpsat as engine
    from milp.formulation import Formulation

    # The engine reads arrays, bounds and the instance, all of which a program has.
    found = engine(cast(Formulation, program), hint=None, time_limit=limit, workers=THREADS)
    if found.claimed_infeasible:
        return Answer("infeasible", None, None)
    bound = None if found.claimed_bound is None else float(found.claimed_bound)
    closed = found.solution is not None and found.claimed_bound == program.value(found.solution)
    return Answer("optimal" if closed else "open", found.solution, bound)


def highs(program: Program, limit: float) -> Answer:
    """Solve with HiGHS."""
    import highspy

    solver = _loaded(program)
    solver.setOptionValue("time_limit", limit)
    solver.setOptionValue("threads", THREADS)
    solver.setOptionValue("mip_rel_gap", 0.0)
    solver.run()
    status, info = solver.getModelStatus(), solver.getInfo()
    if status == highspy.HighsModelStatus.kInfeasible:
        return Answer("infeasible", None, None)
    found = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    solution = _whole(solver.getSolution().col_value) if found else None
    closed = status == highspy.HighsModelStatus.kOptimal
    return Answer("optimal" if closed else "open", solution, _finite(info.mip_dual_bound))


def scip(program: Program, limit: float) -> Answer:
    """Solve with SCIP; it searches in one thread."""
    import pyscipopt  # type: ignore[import-not-found, import-untyped, unused-ignore]

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.mps"
        _loaded(program).writeModel(str(path))
        solver: Any = pyscipopt.Model()
        solver.hideOutput()
        solver.readProblem(str(path))
    # 2 is wall time.
    solver.setParam("timing/clocktype", 2)
    solver.setParam("limits/time", limit)
    solver.optimize()
    status = solver.getStatus()
    if status == "infeasible":
        return Answer("infeasible", None, None)
    solution = None
    if solver.getNSols():
        best = solver.getBestSol()
        solution = np.zeros(program.width, dtype=np.int64)
        for variable in solver.getVars():
            solution[_column(variable.name)] = round(solver.getSolVal(best, variable))
    bound = solver.getDualbound()
    bounded = abs(bound) < solver.infinity()
    return Answer("optimal" if status == "optimal" else "open", solution, bound if bounded else None)


def cbc(program: Program, limit: float) -> Answer:
    """Solve with the CBC that comes with PuLP."""
    import pulp

    with tempfile.TemporaryDirectory() as folder:
        model, answer = Path(folder) / "model.mps", Path(folder) / "solution.txt"
        _loaded(program).writeModel(str(model))
        words = ["-timeMode", "elapsed", "-sec", f"{limit:g}", "-threads", str(THREADS), "-ratioGap", "0"]
        command = [pulp.PULP_CBC_CMD.pulp_cbc_path, str(model), *words, "-solve", "-solution", str(answer)]
        log = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        text = answer.read_text("utf-8") if answer.exists() else ""
    return cbc_answer(program.width, log, text)


def cbc_answer(width: int, log: str, text: str) -> Answer:
    """Return what CBC's log and solution file say of a program of so many columns."""
    head, *lines = text.splitlines() or [""]
    if "infeasible" in head.lower():
        return Answer("infeasible", None, None)
    found = re.search(r"^Objective value:\s+(\S+)", log, re.MULTILINE) and "No feasible solution" not in log
    solution = None
    if found:
        solution = np.zeros(width, dtype=np.int64)
        for line in lines:
            _, name, value = line.replace("**", " ").split()[:3]
            solution[_column(name)] = round(float(value))
    closed = head.startswith("Optimal") and "Result - Optimal solution found" in log
    bounds = re.findall(r"^Lower bound:\s+(\S+)", log, re.MULTILINE)
    # Where it is done it gives no lower bound apart from the objective.
    says = re.findall(r"^Objective value:\s+(\S+)", log, re.MULTILINE) if closed else bounds
    return Answer("optimal" if closed else "open", solution, float(says[-1]) if says else None)


SOLVERS: dict[str, Solver] = {"cpsat": cpsat, "highs": highs, "cbc": cbc, "scip": scip}


def _loaded(program: Program) -> Any:
    """Return a HiGHS that holds the program; its columns are called c0, c1, …."""
    import highspy

    # The threads of an earlier run in this process would be kept.
    highspy.Highs.resetGlobalScheduler(True)
    infinite = highspy.kHighsInf
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = program.width, program.height
    lp.offset_ = float(program.constant)
    lp.col_cost_ = program.objective.astype(np.float64)
    lp.col_lower_ = np.zeros(program.width)
    lp.col_upper_ = np.asarray(program.upper, dtype=np.float64)
    lp.row_lower_ = np.asarray([-infinite if low is None else low for low in program.row_lower], dtype=float)
    lp.row_upper_ = np.asarray(
        [infinite if high is None else high for high in program.row_upper], dtype=float
    )
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_ = np.searchsorted(program.entry_row, np.arange(program.height + 1)).astype(np.int32)
    lp.a_matrix_.index_ = program.entry_column.astype(np.int32)
    lp.a_matrix_.value_ = program.entry_value.astype(np.float64)
    lp.integrality_ = [highspy.HighsVarType.kInteger] * program.width
    lp.col_names_ = [f"c{column}" for column in range(program.width)]
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.passModel(lp)
    return solver


def _column(name: str) -> int:
    return int(name.removeprefix("c"))


def _whole(values: npt.ArrayLike) -> Ints:
    rounded: Ints = np.rint(np.asarray(values, dtype=np.float64)).astype(np.int64)
    return rounded


def _finite(bound: float) -> float | None:
    return bound if math.isfinite(bound) else None
