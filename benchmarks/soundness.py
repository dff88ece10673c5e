"""Solve random small instances over all flags and limits, and compare what is certified with the truth.

    python -m benchmarks.soundness [--number 2000] [--first 0] [--time-limit 5] [--processes 1]

Of four instances, three have so few requests that the oracle tries every plan; the fourth is compared with
what CP-SAT and HiGHS say of the whole integer program, their plans being measured by the oracle. Every
certificate is written, read and verified. The exit code is 1 if a certified bound exceeds the cost of a plan,
infeasibility is certified where there is a plan, or proven optima differ.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import traceback
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path

from benchmarks.flags import flags_of
from heuristics import Uncoverable
from instances import write
from instances.instance import Instance
from instances.plan import Plan
from milp import Result, Status, read_certificate, solve, verify, write_certificate
from milp.engines import engine
from milp.engines.base import Ints, Unsuited
from milp.formulation import Formulation, formulate
from milp.translate import plan_of
from tests.oracle import best_plan, broken, from_plan, measure, violated
from tests.strategies import EXHAUSTIBLE, random_instance

LARGE = 20
"""Most requests of an instance that is compared with solvers."""

PEERS = ("cpsat", "highs")


@dataclass(frozen=True)
class Truth:
    """What is known of an instance.

    Parameters
    ----------
    known
        Cost of a feasible plan; None if none is known.
    proven
        Whether `known` is the optimum, or there is no plan if it is None.
    """

    known: Fraction | None
    proven: bool


@dataclass(frozen=True)
class Trial:
    """One instance: its flags, the status that was certified, and what was wrong, if anything."""

    flags: tuple[str, ...]
    status: str
    compared: str
    failure: str | None
    seconds: float


def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--number", type=int, default=2000)
    parser.add_argument("--first", type=int, default=0, help="first seed")
    parser.add_argument("--time-limit", type=float, default=5.0)
    parser.add_argument("--processes", type=int, default=1)
    options = parser.parse_args()
    seeds = range(options.first, options.first + options.number)
    trials: list[Trial] = []
    with ProcessPoolExecutor(options.processes) as pool:
        for done in pool.map(partial(trial, time_limit=options.time_limit), seeds, chunksize=10):
            trials.append(done)
            if done.failure is not None:
                print(done.failure, flush=True)
            if len(trials) % 200 == 0:
                print(f"{len(trials)} instances", flush=True)
    print(table(trials))
    return int(any(one.failure is not None for one in trials))


def trial(seed: int, time_limit: float) -> Trial:
    """Solve the instance of a seed, and compare."""
    start = time.process_time()
    requests = 2 + seed // 4 % (EXHAUSTIBLE - 1) if seed % 4 else EXHAUSTIBLE + 1 + seed // 4 % (LARGE - 7)
    instance = random_instance(seed, requests=requests)
    status, compared = "raised", "nothing"
    try:
        result = solve(instance, time_limit=time_limit, workers=1, seed=seed)
        status = result.status.value
        truth, compared = truth_of(instance, time_limit)
        wrong = mistake(instance, result, truth)
    except Exception:
        wrong = traceback.format_exc()
    failure = (
        None if wrong is None else f"FAILURE seed {seed}, {requests} requests: {wrong}\n{_json(instance)}"
    )
    return Trial(flags_of(instance), status, compared, failure, time.process_time() - start)


def truth_of(instance: Instance, time_limit: float) -> tuple[Truth, str]:
    """Return what the oracle, or else the peers, know of an instance, and which it was."""
    if instance.requests <= EXHAUSTIBLE:
        best = best_plan(instance)
        return Truth(None if best is None else best.cost, True), "every plan"
    known, proven = None, False
    formulation = formulate(instance)
    for name in PEERS:
        if not formulation.width:
            break
        try:
            said = engine(name)(formulation, hint=None, time_limit=time_limit, gap=0.0, workers=1, seed=0)
        except Unsuited:
            continue
        # HiGHS claims within tolerances, which proves nothing here.
        exact = name == "cpsat"
        proven |= exact and said.claimed_infeasible
        if said.solution is None:
            continue
        cost = _feasible_cost(instance, _plan(formulation, said.solution))
        if cost is None:
            continue
        if exact and said.claimed_bound is not None:
            proven |= said.claimed_bound >= cost * instance.cost_scale
        known = cost if known is None else min(known, cost)
    return Truth(known, proven), "solvers"


def mistake(instance: Instance, result: Result, truth: Truth) -> str | None:
    """Return what is wrong with a result; None if nothing is."""
    certificate = result.certificate
    assert certificate is not None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "c.json.gz"
        write_certificate(certificate, path)
        verdict = verify(instance, read_certificate(path))
    if result.status is Status.REJECTED or not verdict.certified:
        return f"its own certificate is rejected: {verdict.reason}"
    if verdict.lower_bound != result.lower_bound:
        return f"the file proves {verdict.lower_bound}, the result says {result.lower_bound}"
    if verdict.status is Status.INFEASIBLE:
        if truth.known is not None:
            return f"certified infeasible, but there is a plan of cost {truth.known}"
        return None if result.cost is None else "certified infeasible with a plan"
    costs = [] if truth.known is None else [truth.known]
    if certificate.plan is not None:
        cost = _feasible_cost(instance, certificate.plan)
        if cost is None or cost != verdict.upper_bound:
            return f"the plan is certified at {verdict.upper_bound}, and measures {cost}"
        if truth.proven and (truth.known is None or cost < truth.known):
            return f"a plan of cost {cost}, where the optimum is {truth.known}"
        costs.append(cost)
    for cost in costs:
        if verdict.lower_bound is None or verdict.lower_bound > cost:
            return f"certified bound {verdict.lower_bound} over a plan of cost {cost}"
    if verdict.status is Status.OPTIMAL and truth.proven and truth.known != verdict.upper_bound:
        return f"certified optimal at {verdict.upper_bound}, where the optimum is {truth.known}"
    return None


def table(trials: list[Trial]) -> str:
    """Return the counts per flag as text."""
    statuses = sorted({one.status for one in trials})
    head = f"{'flag':36}" + "".join(f"{s.removeprefix('certified '):>14}" for s in statuses)
    lines = [head + f"{'failures':>10}"]
    for flag in ("all", *sorted({flag for one in trials for flag in one.flags})):
        mine = [one for one in trials if flag == "all" or flag in one.flags]
        counts = Counter(one.status for one in mine)
        row = f"{flag:36}" + "".join(f"{counts[status]:14}" for status in statuses)
        lines.append(row + f"{sum(one.failure is not None for one in mine):10}")
    compared = Counter(one.compared for one in trials)
    seconds = sum(one.seconds for one in trials)
    lines.append(", ".join(f"{n} compared with {name}" for name, n in compared.items()))
    lines.append(f"{len(trials)} instances, {seconds:.0f} s of processor time")
    return "\n".join(lines)


def _plan(formulation: Formulation, solution: Ints) -> Plan | None:
    try:
        return plan_of(formulation, solution)
    except (Uncoverable, ValueError):
        return None


def _feasible_cost(instance: Instance, plan: Plan | None) -> Fraction | None:
    """Return a plan's cost by the oracle; None if it breaks a rule or a limit."""
    if plan is None:
        return None
    batches = from_plan(instance, plan)
    if broken(instance, batches):
        return None
    streams, total = measure(instance, batches)
    pairs = [(instance.limits, total), *zip((s.limits for s in instance.streams), streams, strict=True)]
    return None if any(violated(limits, measured) for limits, measured in pairs) else total.cost


def _json(instance: Instance) -> str:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "instance.json"
        write(instance, path)
        return " ".join(path.read_text(encoding="utf-8").split())


if __name__ == "__main__":
    sys.exit(main())
