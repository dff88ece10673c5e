"""The law of the league on random instances: no plan within limits costs less than a certified bound."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial

from benchmarks.machine import markdown
from heuristics.attempt import Attempt, Outcome, attempt
from heuristics.registry import HEURISTICS
from instances.groups import Groups
from instances.instance import Instance
from instances.plan import Plan
from milp import Result, Status, solve
from milp.league import ONE_BY_ONE, solve_stream_by_stream
from tests.strategies import EXHAUSTIBLE, random_instance

LARGE = 20
"""Most requests of an instance."""

AT_BOUND = "at the bound"
"""Counted beside the outcomes: plans within limits that cost just what the bound is."""


@dataclass(frozen=True)
class Trial:
    """One random instance: what came of every contender, and what broke the law."""

    seed: int
    status: str
    outcomes: tuple[tuple[str, str], ...]
    failures: tuple[str, ...]


def run(number: int, first: int, time_limit: float, processes: int) -> Iterator[Trial]:
    """Try the instances of some seeds."""
    seeds = range(first, first + number)
    with ProcessPoolExecutor(processes) as pool:
        yield from pool.map(partial(trial, time_limit=time_limit), seeds, chunksize=5)


def trial(seed: int, time_limit: float) -> Trial:
    """Solve the instance of a seed and compare every heuristic's plan with the bound.

    The solver is not given their plans: a bound is cut off at the best plan that it knows, which would hide
    one that is too high.
    """
    instance = instance_of(seed)
    result = solve(instance, time_limit=time_limit, workers=1, seed=seed)
    outcomes: list[tuple[str, str]] = []
    failures: list[str] = []
    for name, run in _contenders(instance, time_limit).items():
        made = attempt(run, instance)
        outcomes.append((name, made.outcome.value))
        if made.outcome is Outcome.WITHIN and made.evaluation is not None:
            outcomes += [(name, AT_BOUND)] * (made.evaluation.cost == result.lower_bound)
        wrong = mistake(made, result)
        if wrong is not None:
            failures.append(f"FAILURE seed {seed}, {name}: {wrong}")
    if result.status is Status.REJECTED:
        failures.append(f"FAILURE seed {seed}: the solver's certificate is rejected")
    return Trial(seed, result.status.value, tuple(outcomes), tuple(failures))


def instance_of(seed: int) -> Instance:
    """Return the random instance of a seed: every other one has more requests than can be tried out."""
    small = 2 + seed // 2 % (EXHAUSTIBLE - 1)
    large = EXHAUSTIBLE + 1 + seed // 2 % (LARGE - EXHAUSTIBLE)
    return random_instance(seed, requests=large if seed % 2 else small)


def mistake(made: Attempt, result: Result) -> str | None:
    """Return which law an attempt breaks; None if it breaks none."""
    if made.outcome is Outcome.FAILED:
        return made.reason
    if made.evaluation is None:
        return None
    structural = [str(violation) for violation in made.evaluation.violations if violation.is_structural]
    if structural:
        return f"its plan is none: {structural[0]}"
    if made.outcome is not Outcome.WITHIN:
        return None
    if result.status is Status.INFEASIBLE:
        return "a plan within limits of an instance that is certified infeasible"
    cost = made.evaluation.cost
    if cost is not None and result.lower_bound is not None and cost < result.lower_bound:
        return f"a plan of cost {cost} under the certified bound {result.lower_bound}"
    return None


def _contenders(instance: Instance, time_limit: float) -> dict[str, Callable[[Instance, Groups], Plan]]:
    if len(instance.streams) == 1:
        return dict(HEURISTICS)

    def one_by_one(instance: Instance, groups: Groups) -> Plan:
        return solve_stream_by_stream(instance, time_limit=time_limit, workers=1)

    return {**HEURISTICS, ONE_BY_ONE: one_by_one}


def table(trials: Iterable[Trial]) -> str:
    """Return the counts as Markdown: of each contender its outcomes, and of the instances their status."""
    trials = list(trials)
    counts = Counter(pair for one in trials for pair in one.outcomes)
    columns = [*(outcome.value for outcome in Outcome if outcome is not Outcome.OUT_OF_TIME), AT_BOUND]
    names = dict.fromkeys(name for name, _ in counts)
    rows = [[name, *(f"{counts[name, column]:,}" for column in columns)] for name in names]
    statuses = Counter(one.status for one in trials)
    failures = sum(len(one.failures) for one in trials)
    said = ", ".join(f"{number:,} {status}" for status, number in statuses.most_common())
    return "\n".join(
        [*markdown(["plan", *columns], rows), "", f"{len(trials):,} instances: {said}; {failures} failures"]
    )
