"""The formulation in CP-SAT, with the warm start as a complete hint."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait
from fractions import Fraction

import numpy as np
from ortools.sat.python import cp_model

from instances.exact import magnitude
from milp.engines.base import Ints, Outcome, Unsuited
from milp.formulation.arrays import Formulation

LARGEST = 2**62


def cpsat(
    formulation: Formulation,
    *,
    hint: Ints | None = None,
    time_limit: float = 60.0,
    gap: float = 0.0,
    workers: int = 2,
    seed: int = 0,
) -> Outcome:
    """Solve a formulation with CP-SAT.

    Raises
    ------
    Unsuited
        If numbers of the formulation do not fit into 64 bits.
    """
    model, variables = write_model(formulation)
    if hint is not None:
        for variable, value in zip(variables, hint.tolist(), strict=True):
            model.add_hint(variable, value)
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = max(0.01, time_limit)
    solver.parameters.num_workers = workers
    solver.parameters.random_seed = seed
    solver.parameters.relative_gap_limit = gap
    # Its handler for Ctrl-C would stay behind, and the next Ctrl-C end the process with nothing kept.
    solver.parameters.catch_sigint_signal = False
    solver.parameters.log_search_progress = True
    solver.parameters.log_to_stdout = False
    lines: list[str] = []
    solver.log_callback = lines.append
    status = _solved(solver, model)
    log = "\n".join(lines)
    if status == cp_model.MODEL_INVALID:
        raise Unsuited(f"CP-SAT refuses the model: {model.validate()}")
    if status == cp_model.INFEASIBLE:
        return Outcome(None, None, True, log)
    bound = Fraction(round(solver.best_objective_bound)) if formulation.width else None
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return Outcome(None, bound, False, log)
    solution = np.asarray([solver.value(variable) for variable in variables], dtype=np.int64)
    return Outcome(solution, bound, False, log)


def _solved(solver: cp_model.CpSolver, model: cp_model.CpModel) -> object:
    """Solve in a thread, so that Ctrl-C reaches this one, which stops the other."""
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(solver.solve, model)
        try:
            return running.result()
        except KeyboardInterrupt:
            while not running.done():
                # Without effect before the search has begun, hence more than once.
                solver.stop_search()
                wait([running], timeout=0.05)
            raise


def write_model(formulation: Formulation) -> tuple[cp_model.CpModel, list[cp_model.IntVar]]:
    """Write a formulation as a CP-SAT model.

    Raises
    ------
    Unsuited
        If numbers of the formulation do not fit into 64 bits.
    """
    upper = _upper_bounds(formulation)
    reach = sum(abs(c) * u for c, u in zip(formulation.objective.tolist(), upper, strict=True))
    activity = magnitude(formulation.entry_value) * max(upper, default=0) * max(1, formulation.width)
    if max(reach, 0) >= LARGEST or (activity >= LARGEST and _largest_activity(formulation, upper) >= LARGEST):
        raise Unsuited("numbers too large for CP-SAT, which computes in 64 bits")
    model = cp_model.CpModel()
    variables = [model.new_int_var(0, most, "") for most in upper]
    starts = np.searchsorted(formulation.entry_row, np.arange(formulation.height + 1)).tolist()
    columns, values = formulation.entry_column.tolist(), formulation.entry_value.tolist()
    for row in range(formulation.height):
        span = range(starts[row], starts[row + 1])
        expression = cp_model.LinearExpr.weighted_sum(
            [variables[columns[k]] for k in span], [values[k] for k in span]
        )
        low, high = formulation.row_lower[row], formulation.row_upper[row]
        if low is not None and low == high:
            model.add(expression == low)
            continue
        if low is not None:
            model.add(expression >= low)
        if high is not None:
            model.add(expression <= high)
    objective = cp_model.LinearExpr.weighted_sum(variables, formulation.objective.tolist())
    model.minimize(objective + formulation.constant)
    return model, variables


def _upper_bounds(formulation: Formulation) -> list[int]:
    """Return an upper bound per column; batches of a type never outnumber the requests of its stream."""
    most = max(stream.demand.requests for stream in formulation.model.instance.streams)
    return [most if upper is None else upper for upper in formulation.upper]


def _largest_activity(formulation: Formulation, upper: list[int]) -> int:
    activity = [0] * formulation.height
    entries = zip(
        formulation.entry_row.tolist(),
        formulation.entry_column.tolist(),
        formulation.entry_value.tolist(),
        strict=True,
    )
    for row, column, value in entries:
        activity[row] += abs(value) * upper[column]
    return max(activity, default=0)
