"""The formulation through PuLP: any solver that PuLP finds, and MPS and LP files."""

from __future__ import annotations

import math
import tempfile
import warnings
from fractions import Fraction
from pathlib import Path

import highspy
import numpy as np
import pulp

from milp.engines.base import Engine, Ints, Outcome, Unsuited
from milp.formulation.arrays import Formulation

NAMES = {
    "highs": "HiGHS",
    "cbc": "PULP_CBC_CMD",
    "scip": "SCIP_PY",
    "gurobi": "GUROBI",
    "cplex": "CPLEX_PY",
    "xpress": "XPRESS_PY",
    "mosek": "MOSEK",
    "copt": "COPT",
    "glpk": "GLPK_CMD",
}
"""Engine name to PuLP's name of the solver."""


def found() -> tuple[str, ...]:
    """Return the engine names whose solver PuLP finds."""
    present = set(pulp.listSolvers(onlyAvailable=True))
    return tuple(name for name, solver in NAMES.items() if solver in present)


def through_pulp(name: str) -> Engine:
    """Return the engine of a solver that PuLP runs."""

    def engine(
        formulation: Formulation,
        *,
        hint: Ints | None = None,
        time_limit: float = 60.0,
        gap: float = 0.0,
        workers: int = 2,
        seed: int = 0,
    ) -> Outcome:
        problem, variables = write_problem(formulation)
        options: dict[str, object] = {"msg": False, "timeLimit": max(0.1, time_limit), "gapRel": gap}
        if name in ("highs", "cbc"):
            options["threads"] = workers
        if name == "highs":
            options["random_seed"] = seed
            # HiGHS keeps one pool of threads per process and refuses another number of them.
            highspy.Highs.resetGlobalScheduler(True)
        if name == "cbc":
            options["options"] = [f"randomSeed {seed + 1}"]
        if hint is not None and name in ("cbc", "gurobi", "cplex", "scip"):
            for variable, value in zip(variables, hint.tolist(), strict=True):
                variable.setInitialValue(value)
            options["warmStart"] = True
        try:
            problem.solve(_solver(name, options))
        except (IndexError, pulp.PulpSolverError) as error:
            # PuLP looks for the rows of a model that HiGHS has refused, such as one with numbers over 10**15.
            raise Unsuited(f"{NAMES[name]} does not take the model") from error
        return _outcome(problem, variables)

    return engine


def _solver(name: str, options: dict[str, object]) -> pulp.LpSolver:
    with warnings.catch_warnings():
        # PuLP 3 brings CBC under a name that PuLP 4 will not have.
        warnings.filterwarnings("ignore", "PULP_CBC_CMD is deprecated", DeprecationWarning)
        return pulp.getSolver(NAMES[name], **options)


def write_problem(formulation: Formulation) -> tuple[pulp.LpProblem, list[pulp.LpVariable]]:
    """Write a formulation as a PuLP problem; coefficients are ints where PuLP keeps them."""
    problem = pulp.LpProblem(_file_name(formulation), pulp.LpMinimize)
    variables = [
        problem.add_variable(name, 0, upper, pulp.LpInteger)
        for name, upper in zip(formulation.column_names(), formulation.upper, strict=True)
    ]
    terms = zip(variables, formulation.objective.tolist(), strict=True)
    problem.setObjective(pulp.LpAffineExpression(terms, constant=formulation.constant))
    starts = np.searchsorted(formulation.entry_row, np.arange(formulation.height + 1)).tolist()
    columns, values = formulation.entry_column.tolist(), formulation.entry_value.tolist()
    for row in range(formulation.height):
        span = range(starts[row], starts[row + 1])
        expression = pulp.LpAffineExpression([(variables[columns[k]], values[k]) for k in span])
        low, high = formulation.row_lower[row], formulation.row_upper[row]
        sense, right = (pulp.LpConstraintLE, high) if high is not None else (pulp.LpConstraintGE, low)
        if low is not None and low == high:
            sense = pulp.LpConstraintEQ
        name = f"{formulation.row_kind[row]}_{row}"
        problem.addConstraint(pulp.LpConstraint(expression, sense, name, right))
    return problem, variables


def export(formulation: Formulation, path: str | Path, to: str = "mps") -> None:
    """Write a formulation to an MPS or LP file; the file appears whole or not at all.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    from instances.files.atomic import atomic_write

    problem, _ = write_problem(formulation)
    with tempfile.TemporaryDirectory() as folder:
        draft = Path(folder) / f"model.{to}"
        if to == "mps":
            problem.writeMPS(str(draft))
        else:
            problem.writeLP(str(draft), max_length=250)
        with atomic_write(path) as file:
            file.write(draft.read_bytes())


def _file_name(formulation: Formulation) -> str:
    name = formulation.model.instance.name
    return "".join(c if c.isalnum() else "_" for c in name) or "instance"


def _outcome(problem: pulp.LpProblem, variables: list[pulp.LpVariable]) -> Outcome:
    if problem.status == pulp.LpStatusInfeasible:
        return Outcome(None, None, True)
    values = [variable.value() for variable in variables]
    has_solution = problem.sol_status in (
        pulp.LpSolutionOptimal,
        pulp.LpSolutionIntegerFeasible,
    ) and not any(value is None or not math.isfinite(value) for value in values)
    solution = np.rint(np.asarray(values, dtype=np.float64)).astype(np.int64) if has_solution else None
    bound = _claimed_bound(problem)
    if bound is None and problem.sol_status == pulp.LpSolutionOptimal and has_solution:
        bound = Fraction(round(pulp.value(problem.objective)))
    return Outcome(solution, bound)


def _claimed_bound(problem: pulp.LpProblem) -> Fraction | None:
    info = getattr(getattr(problem, "solverModel", None), "getInfo", None)
    bound = getattr(info(), "mip_dual_bound", math.nan) if callable(info) else math.nan
    return Fraction(bound) if math.isfinite(bound) else None
