"""The best schedule of a few requests, as CP-SAT claims it: to see how tight certified bounds are.

Nothing here is certified. Every value is what a solver says, and is certified only where a bound meets the
value of the schedule that it found. For the mean latency, `exact_mean_latency.py` is faster, and exact.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from ortools.sat.python import cp_model

from instances.errors import InputError
from instances.serving import BatchSchedule
from milp.hindsight.batches.case import BatchCase
from milp.hindsight.batches.outcome import ExactOutcome
from milp.hindsight.relaxations.lateness import rank
from milp.hindsight.units import total

MOST_REQUESTS = 30


class _Model:
    """Every batch is named after its longest member, its leader; of equal lengths the later request leads.

    Times past the last arrival plus all requests alone, one after another, are not needed: a batch that takes
    longer than its members alone may as well be divided, and then nobody completes later.
    """

    def __init__(self, case: BatchCase) -> None:
        self.case, self.model = case, cp_model.CpModel()
        self.arrival = case.arrivals.arrival.tolist()
        self.count = len(self.arrival)
        self.horizon = self.arrival[-1] + total(case.alone)
        if self.count > MOST_REQUESTS:
            raise InputError(f"at most {MOST_REQUESTS} requests for an exact schedule", self.count)
        if self.horizon * self.count >= 2**60:
            raise InputError("times short enough for CP-SAT, which computes in 64 bits", self.horizon)
        model, requests = self.model, range(self.count)
        place = np.argsort(np.argsort(case.row, kind="stable"))
        # Of request i, member[i][k] says whether it runs with leader k; no leader is shorter.
        self.member = [
            {k: model.new_bool_var(f"member {i} {k}") for k in requests if place[i] <= place[k]}
            for i in requests
        ]
        self.start = [model.new_int_var(r, self.horizon, "") for r in self.arrival]
        self.taken = [model.new_int_var(0, self.horizon, "") for _ in requests]
        self.finish = [model.new_int_var(r, self.horizon, "") for r in self.arrival]
        self.completion = [
            model.new_int_var(r + alone, self.horizon, "")
            for r, alone in zip(self.arrival, case.alone.tolist(), strict=True)
        ]
        self.device: list[list[cp_model.IntVar]] = []
        self._batches()
        self._times()

    def _batches(self) -> None:
        """Every request with one leader; size and leader say how long a batch takes."""
        model, case = self.model, self.case
        tokens = case.arrivals.tokens.tolist()
        for own in self.member:
            model.add_exactly_one(own.values())
        for leader in range(self.count):
            members = {i: own[leader] for i, own in enumerate(self.member) if leader in own}
            leads = members[leader]
            most = int(case.largest[case.row[leader]])
            size = [~leads, *(model.new_bool_var("") for _ in range(most))]
            model.add_exactly_one(size)
            model.add(sum(members.values()) == sum(b * chosen for b, chosen in enumerate(size)))
            model.add(sum(tokens[i] * x for i, x in members.items()) <= case.device.kv_tokens)
            for member in members.values():
                model.add_implication(member, leads)
            times = case.durations[case.row[leader]].tolist()
            model.add(
                self.taken[leader] == sum(t * chosen for t, chosen in zip(times, size[1:], strict=False))
            )

    def _times(self) -> None:
        """Batches start after their members' arrivals, each on one device, one after another on it."""
        model, devices = self.model, range(min(self.case.devices, self.count))
        on: list[list[cp_model.IntervalVar]] = [[] for _ in devices]
        for leader in range(self.count):
            start, taken, finish = self.start[leader], self.taken[leader], self.finish[leader]
            leads = self.member[leader][leader]
            # Devices are alike: the k-th request leads on one of the first k.
            chosen = [model.new_bool_var("") for _ in devices[: leader + 1]]
            model.add(sum(chosen) == leads)
            for intervals, here in zip(on, chosen, strict=False):
                intervals.append(model.new_optional_interval_var(start, taken, finish, here, ""))
            self.device.append(chosen)
        for intervals in on:
            model.add_no_overlap(intervals)
        for request, own in enumerate(self.member):
            for leader, member in own.items():
                model.add(self.start[leader] >= self.arrival[request]).only_enforce_if(member)
                model.add(self.completion[request] >= self.finish[leader]).only_enforce_if(member)

    def late(self, latency: list[int]) -> list[cp_model.IntVar]:
        """Return per request whether it takes longer than promised."""
        late = [self.model.new_bool_var(f"late {i}") for i in range(self.count)]
        for own, completion, arrival, promised in zip(
            late, self.completion, self.arrival, latency, strict=True
        ):
            self.model.add(completion <= arrival + promised).only_enforce_if(~own)
        return late

    def aim(self, objective: str, quantile: Fraction | None) -> None:
        """Minimise an objective."""
        model, level = self.model, self.case.problem.service_level
        if objective == "device_time":
            model.minimize(sum(self.taken))
        elif objective == "makespan":
            last = model.new_int_var(0, self.horizon, "makespan")
            model.add_max_equality(last, self.completion)
            model.minimize(last)
        elif objective == "mean_latency":
            model.minimize(sum(self.completion) - sum(self.arrival))
        elif objective == "violations" and level is not None:
            model.minimize(sum(self.late(level.of(self.case.arrivals.priority).tolist())))
        elif objective == "percentile" and quantile is not None:
            within = model.new_int_var(0, self.horizon, "percentile")
            beyond = [model.new_bool_var(f"beyond {i}") for i in range(self.count)]
            for own, completion, arrival in zip(beyond, self.completion, self.arrival, strict=True):
                model.add(completion <= arrival + within).only_enforce_if(~own)
            model.add(sum(beyond) <= self.count - rank(quantile, self.count))
            model.minimize(within)
        else:
            raise InputError("an objective, with what it needs", f"{objective}, {quantile}")


def exact_schedule(
    case: BatchCase,
    objective: str,
    quantile: Fraction | None = None,
    *,
    time_limit: float = 60.0,
    workers: int = 2,
    seed: int = 0,
) -> ExactOutcome:
    """Return the best schedule for an objective that CP-SAT finds, and whether it claims that it is the best.

    Parameters
    ----------
    case
        The problem, of at most `MOST_REQUESTS` requests.
    objective, quantile
        As in `Claim`.
    time_limit
        Seconds after which to stop.
    workers, seed
        Threads and random seed.

    Raises
    ------
    InputError
        If there are too many requests, or the objective is unknown or lacks its quantile or service level.
    """
    written = _Model(case)
    written.aim(objective, quantile)
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = time_limit
    solver.parameters.num_workers = workers
    solver.parameters.random_seed = seed
    # Reductions that keep only some optima have made feasible models infeasible in version 9.15.
    solver.parameters.keep_all_feasible_solutions_in_presolve = True
    status = solver.solve(written.model)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return ExactOutcome(None, None, False)
    value = Fraction(round(solver.objective_value))
    if objective == "mean_latency":
        value /= written.count
    return ExactOutcome(_schedule(written, solver), value, status == cp_model.OPTIMAL)


def _schedule(written: _Model, solver: cp_model.CpSolver) -> BatchSchedule:
    """Return the batches of a solution in order of their start."""
    leader = [next(k for k, x in own.items() if solver.value(x)) for own in written.member]
    order = sorted(set(leader), key=lambda k: (solver.value(written.start[k]), k))
    batch = np.array([order.index(k) for k in leader], dtype=np.int64)
    start = np.array([solver.value(written.start[k]) for k in order], dtype=np.int64)
    finish = start + np.array([solver.value(written.taken[k]) for k in order], dtype=np.int64)
    device = np.array(
        [next(d for d, here in enumerate(written.device[k]) if solver.value(here)) for k in order],
        dtype=np.int64,
    )
    return BatchSchedule(batch, np.zeros_like(batch), device, start, finish)
