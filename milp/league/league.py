"""Every heuristic on every instance, measured against one certified bound per instance."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from heuristics import Uncoverable
from heuristics.attempt import Attempt, Outcome, attempt, judged
from heuristics.child import Child
from heuristics.registry import HEURISTICS
from instances.errors import InputError
from instances.instance import Instance
from instances.metrics import evaluate
from instances.plan import Plan
from milp.interrupts import noticed_interrupts
from milp.league.rows import EXACT_ROW, ONE_BY_ONE, League, Row, Source, Standings
from milp.league.streams import solve_stream_by_stream
from milp.progress import Progress
from milp.result import Result
from milp.solving import solve

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Rules:
    """What holds for all contenders.

    Parameters
    ----------
    time_limit
        Seconds for the solver's search on an instance, and again for the streams one by one.
    heuristic_limit
        Seconds for a heuristic on an instance, in a child process; None runs it in this process, for as long
        as it takes.
    gap
        Relative gap at which the solver stops.
    workers, seed
        Threads and random seed of the solver.
    """

    time_limit: float = 60.0
    heuristic_limit: float | None = 60.0
    gap: float = 0.0
    workers: int = 2
    seed: int = 0


@dataclass(frozen=True)
class LeagueProgress:
    """State of a running league.

    Parameters
    ----------
    seconds
        Since the start.
    instance, name
        The instance, and the row that is being made.
    done, rows
        Rows that are made, and that there will be, on this instance.
    search
        State of the solver while it searches for the bound; None otherwise.
    """

    seconds: float
    instance: str
    name: str
    done: int
    rows: int
    search: Progress | None = None


Report = Callable[[LeagueProgress], None]


def run_league(
    instances: Sequence[Instance],
    names: Sequence[str] | None = None,
    *,
    rules: Rules | None = None,
    plans: Mapping[str, Plan] | None = None,
    progress: Report | None = None,
) -> League:
    """Run heuristics on instances, and certify how far each of their plans is from the best.

    On every instance the heuristics are followed by the plans that are given, by the streams one by one
    (`solve_stream_by_stream`) where there are several, and by one search of `milp.solve`. It starts from the
    best plan so far, and its certified bound is what every row is measured against. Ctrl-C keeps the rows
    that are done.

    Scripts need the guard ``if __name__ == "__main__":``, because heuristics run in a child process; with
    ``heuristic_limit=None`` they need none.

    Parameters
    ----------
    instances
        Of distinct names.
    names
        Heuristics by their names in the registry; None means all.
    rules
        Limits and settings; None means the defaults of `Rules`.
    plans
        Plans from elsewhere by the name of their row, for a single instance.
    progress
        Called as the league goes on.

    Raises
    ------
    InputError
        If there is no such heuristic, a name is used twice, or plans are given for several instances.
    """
    start = time.monotonic()
    given = {} if plans is None else plans
    chosen = tuple(dict.fromkeys(HEURISTICS if names is None else names))
    _refuse(instances, chosen, given)
    standings: list[Standings] = []
    with noticed_interrupts() as interrupted, Child() as child:
        for instance in instances:
            contest = _Contest(instance, rules or Rules(), child, progress, start)
            played = contest.play(chosen, given, interrupted)
            if played.rows:
                standings.append(played)
            if interrupted():
                logger.warning("interrupted: keeping the rows that are done")
                break
        return League(tuple(standings), not interrupted(), time.monotonic() - start)


def _refuse(instances: Sequence[Instance], names: Sequence[str], plans: Mapping[str, Plan]) -> None:
    for name in names:
        if name not in HEURISTICS:
            raise InputError(f"one of {', '.join(HEURISTICS)}", name, field="heuristics")
    known = [instance.name for instance in instances]
    twice = next((name for name in known if known.count(name) > 1), None)
    if twice is not None:
        raise InputError("instances of distinct names", f"{twice} twice")
    if plans and len(instances) != 1:
        raise InputError("plans for a single instance", f"{len(instances)} instances")
    for name in plans:
        if name in (*HEURISTICS, EXACT_ROW, ONE_BY_ONE):
            raise InputError("a name for a plan that no heuristic has", name)


class _Contest:
    """The making of one instance's rows."""

    def __init__(
        self, instance: Instance, rules: Rules, child: Child, progress: Report | None, start: float
    ) -> None:
        self.instance, self.rules, self.child = instance, rules, child
        self.progress, self.start = progress, start
        self.rows: list[Row] = []
        self.number = 0

    def play(
        self, names: Sequence[str], plans: Mapping[str, Plan], interrupted: Callable[[], bool]
    ) -> Standings:
        """Make the rows, and the bound last."""
        contenders = list(self._contenders(names, plans))
        self.number = len(contenders) + 1
        try:
            for name, source, run in contenders:
                self._tell(name)
                made = run()
                # A search that Ctrl-C cut short is not what the row says it is.
                if interrupted():
                    break
                self.rows.append(Row(name, source, made))
            else:
                return self._measured(self._bound())
        except KeyboardInterrupt:
            pass
        return self._measured(None)

    def _contenders(
        self, names: Sequence[str], plans: Mapping[str, Plan]
    ) -> Iterator[tuple[str, Source, Callable[[], Attempt]]]:
        limit = self.rules.heuristic_limit
        for name in names:
            heuristic = HEURISTICS[name]
            if limit is None:
                yield name, "heuristic", partial(attempt, heuristic, self.instance)
            else:
                yield name, "heuristic", partial(self.child.attempt, heuristic, self.instance, limit)
        for name, plan in plans.items():
            yield name, "file", partial(self._given, plan)
        if len(self.instance.streams) > 1:
            yield ONE_BY_ONE, "solver", self._one_by_one

    def _given(self, plan: Plan) -> Attempt:
        return judged(plan, evaluate(self.instance, plan), 0.0)

    def _one_by_one(self) -> Attempt:
        rules, begin = self.rules, time.perf_counter()
        try:
            plan = solve_stream_by_stream(
                self.instance, time_limit=rules.time_limit, workers=rules.workers, seed=rules.seed
            )
        except Uncoverable as why:
            return Attempt(Outcome.NO_PLAN, time.perf_counter() - begin, reason=str(why))
        return judged(plan, evaluate(self.instance, plan), time.perf_counter() - begin)

    def _bound(self) -> Result:
        """Search for the best plan and the bound from the best row so far."""
        self._tell(EXACT_ROW)
        best = min((row for row in self.rows if row.within), key=Row.rank, default=None)
        return solve(
            self.instance,
            warm_start=None if best is None else best.attempt.plan,
            time_limit=self.rules.time_limit,
            gap=self.rules.gap,
            workers=self.rules.workers,
            seed=self.rules.seed,
            progress=None if self.progress is None else partial(self._tell, EXACT_ROW),
        )

    def _measured(self, result: Result | None) -> Standings:
        """Return the rows with their gaps, the solver's own among them."""
        rows = list(self.rows)
        if result is not None:
            rows.append(Row(EXACT_ROW, "solver", _proven(result)))
        bound = None if result is None else result.lower_bound
        if bound is not None:
            rows = [row.measured(bound) for row in rows]
        return Standings(self.instance, tuple(sorted(rows, key=Row.rank)), result)

    def _tell(self, name: str, search: Progress | None = None) -> None:
        if self.progress is not None:
            seconds = time.monotonic() - self.start
            self.progress(
                LeagueProgress(seconds, self.instance.name, name, len(self.rows), self.number, search)
            )


def _proven(result: Result) -> Attempt:
    """Return the solver's own plan as an attempt."""
    if result.plan is None or result.evaluation is None:
        return Attempt(Outcome.NO_PLAN, result.seconds, reason=result.status.value)
    return judged(result.plan, result.evaluation, result.seconds)
