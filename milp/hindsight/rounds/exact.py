"""The integer program of the paper, request by request, through CP-SAT: to compare with."""

from __future__ import annotations

import numpy as np
from ortools.sat.python import cp_model

from milp.hindsight.rounds.first_schedules import mc_sf
from milp.hindsight.rounds.problem import Ints, RoundProblem


def solve_program(problem: RoundProblem, seconds: float) -> tuple[Ints, int, int]:
    """Return starts, their total latency, and the bound that CP-SAT claims: nothing here is certified.

    Parameters
    ----------
    seconds
        Time limit.

    Notes
    -----
    Jaillet et al., arXiv 2502.07115, section 2: x_it says that request i starts after round t. MC-SF is the
    hint, and its last completion the horizon or, where that is later, the last arrival plus all gens, which
    no optimum exceeds.
    """
    first = mc_sf(problem)
    horizon = int(problem.arrival.max() + problem.gen.sum())
    model = cp_model.CpModel()
    held: list[list[cp_model.LinearExprT]] = [[] for _ in range(horizon + 1)]
    latency: list[cp_model.LinearExprT] = []
    starts: list[dict[int, cp_model.IntVar]] = []
    for row in range(problem.requests):
        arrival, prompt, gen = int(problem.arrival[row]), int(problem.prompt[row]), int(problem.gen[row])
        choice = {t: model.new_bool_var(f"x{row},{t}") for t in range(arrival, horizon - gen + 1)}
        model.add_exactly_one(choice.values())
        for begin, chosen in choice.items():
            model.add_hint(chosen, begin == first[row])
            latency.append(chosen * (begin + gen - arrival))
            for age in range(1, gen + 1):
                held[begin + age].append(chosen * (prompt + age))
        starts.append(choice)
    for terms in held:
        model.add(sum(terms) <= problem.memory)
    model.minimize(sum(latency))
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = seconds
    solver.parameters.num_workers = 1
    if solver.solve(model) not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return first, problem.latency(first), 0
    chosen_starts = [next(t for t, x in choice.items() if solver.boolean_value(x)) for choice in starts]
    start = np.array(chosen_starts, dtype=np.int64)
    return start, problem.latency(start), round(solver.best_objective_bound)
