"""The least total latency, proven: prices, then claims from below until one is refuted by a schedule."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from milp.hindsight.rounds.backward import Backward, TooLarge
from milp.hindsight.rounds.beam import beam_schedule
from milp.hindsight.rounds.certificate import RoundCertificate
from milp.hindsight.rounds.counted import TooManyNodes
from milp.hindsight.rounds.first_schedules import mc_sf
from milp.hindsight.rounds.groups import Groups, group, starts_of
from milp.hindsight.rounds.local_search import improved
from milp.hindsight.rounds.prices import DENOMINATOR, find_prices
from milp.hindsight.rounds.problem import Ints, RoundProblem
from milp.hindsight.rounds.states import enumerate_states
from milp.hindsight.rounds.sublimation import Decision, Stages, decide
from milp.hindsight.rounds.told import Told
from milp.hindsight.rounds.values import PlainValues, plain_values
from milp.progress import ProgressCallback

AT_ONCE = 2
"""How many more lengths are counted from stage to stage, as long as there are not too many keys."""

FIRST_STEP = 8
"""Rounds from the bound of the prices to the first claim, and between claims that are not `CHEAP`."""

CHEAP = 1_000_000
"""Keys of a claim after which the next one is twice as far away, and a narrow beam is enough."""

WIDER = 4
"""How much wider that is."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Effort:
    """How much may be spent.

    Parameters
    ----------
    seconds
        Processor time.
    states
        Most states of running requests (`TooManyStates` beyond).
    nodes
        Most keys in a stage.
    width
        Partial schedules per layer of the beam search for a good schedule, 0 for none.
    local_seconds
        Processor time of a local search where the best schedule is not proven.
    """

    seconds: float = 600.0
    states: int = 300_000
    nodes: int = 4_000_000
    width: int = 1_000
    local_seconds: float = 60.0


@dataclass(frozen=True, eq=False)
class Optimum:
    """The best schedule found, and what is proven about it.

    Parameters
    ----------
    start
        Round after which each request starts, shape (requests,).
    upper, lower
        Total latency of the schedule, and the bound that the certificate proves, in rounds.
    root
        The bound of the prices alone.
    certificate
        The proof of `lower`.
    states, evaluations, visited
        States of running requests, prices tried, and keys visited in all stages.
    """

    start: Ints
    upper: int
    lower: int
    root: int
    certificate: RoundCertificate
    states: int
    evaluations: int
    visited: int

    @property
    def proven(self) -> bool:
        """Whether the schedule is proven to be optimal."""
        return self.lower == self.upper


class _OutOfTime(Exception):
    pass


def minimize_latency(
    problem: RoundProblem,
    effort: Effort | None = None,
    *,
    stop: Callable[[], bool] = lambda: False,
    progress: ProgressCallback | None = None,
) -> Optimum:
    """Return the least total latency, with a certificate, or what is proven when the effort is spent.

    Parameters
    ----------
    stop
        Asked now and then whether the search should end with what it has.
    progress
        Told of better schedules and higher bounds, in rounds of total latency.

    Raises
    ------
    TooManyStates
        If more states than `effort.states` fit into the memory.
    """
    effort = effort or Effort()
    clock = _Clock(effort.seconds, stop)
    groups = group(problem)
    states = enumerate_states(problem.memory, groups, effort.states)
    arrivals, online = int(problem.arrival.sum()), problem.latency(mc_sf(problem))
    told = Told(progress)

    def priced_at(bound: int) -> None:
        told.tell("prices", online, -(-bound // DENOMINATOR) - arrivals)

    priced = find_prices(problem, groups, states, clock.is_up, priced_at)
    program = Backward(groups, states, priced.price, DENOMINATOR)
    search = _Search(problem, program, plain_values(program), effort, clock, told)
    search.climb()
    certificate = RoundCertificate(
        problem=problem.digest(),
        claim=search.lower - arrivals,
        start=search.start,
        price=priced.price[groups.of_request],
        denominator=DENOMINATOR,
        stages=_named(groups, search.stages),
    )
    return Optimum(
        start=search.start,
        upper=problem.latency(search.start),
        lower=certificate.claim,
        root=-(-priced.bound // DENOMINATOR) - arrivals,
        certificate=certificate,
        states=states.number,
        evaluations=priced.evaluations,
        visited=search.visited,
    )


class _Clock:
    def __init__(self, seconds: float, stop: Callable[[], bool]) -> None:
        self._end, self.stop = time.process_time() + seconds, stop

    def is_up(self) -> bool:
        return time.process_time() > self._end or self.stop()

    def check(self) -> None:
        if self.is_up():
            raise _OutOfTime


class _Search:
    """A good schedule first, then claims from below, as the work grows with the distance to the bound.

    `lower` and `stages` are the highest claim that is proven, on the sum of the completion rounds, and how.
    """

    def __init__(
        self,
        problem: RoundProblem,
        program: Backward,
        plain: PlainValues,
        effort: Effort,
        clock: _Clock,
        told: Told,
    ) -> None:
        self._problem, self._program, self._plain = problem, program, plain
        self._effort, self._clock, self._told = effort, clock, told
        self.start = mc_sf(problem)
        self.lower = -(-(program.constant + plain.whole) // program.denominator)
        self.stages: Stages = ((),)
        self.visited = 0
        self._at_once = AT_ONCE

    @property
    def _upper(self) -> int:
        return int((self.start + self._problem.gen).sum())

    def climb(self) -> None:
        """Prove higher and higher claims until the best schedule is reached or the effort is spent."""
        self._beam(self._effort.width)
        step, widened, too_much = FIRST_STEP, False, self._upper + 1
        while self.lower < self._upper and not self._clock.is_up():
            self._tell("claims")
            # The last step is not worth half a step before it.
            claim = self.lower + step if self.lower + step + step // 2 < self._upper else self._upper
            if too_much <= self._upper:
                claim = min(claim, (self.lower + too_much) // 2)
            if claim <= self.lower:
                break
            try:
                decision = self._decide(claim)
            except (TooManyNodes, TooLarge) as error:
                log.info("claim %d: %s", claim, error)
                # Smaller stages have fewer keys each, and more of them in all: once more with them.
                too_much, self._at_once = (claim, 1) if self._at_once == 1 else (too_much, 1)
                self.stages = _one_by_one(self.stages)
                continue
            except _OutOfTime:
                break
            if decision.path is not None:
                self._found(decision)
                return
            self.lower, self.stages = claim, decision.stages
            if decision.visited < CHEAP:
                step *= 2
                continue
            # From here on a claim above the optimum is the most work: small steps, and a better schedule.
            step = FIRST_STEP
            if not widened:
                self._beam(WIDER * self._effort.width)
                widened = True
        if self.lower < self._upper:
            self._tell("local search")
            clock = _Clock(self._effort.local_seconds, self._clock.stop)
            enough = self.lower - int(self._problem.arrival.sum())
            self.start = improved(self._problem, self.start, clock.is_up, enough)

    def _tell(self, phase: str) -> None:
        arrivals = int(self._problem.arrival.sum())
        self._told.tell(phase, self._upper - arrivals, self.lower - arrivals)

    def _beam(self, width: int) -> None:
        """Look for a better schedule among the most promising ones: it says how far the claims have to go."""
        if self.lower == self._upper or not width:
            return
        program = self._program
        limit = self._upper * program.denominator - program.constant
        completions = beam_schedule(program, self._plain, width, limit)
        if completions is not None:
            self.start = starts_of(self._problem, program.groups, completions)
            log.info("beam of %d: %d", width, self._problem.latency(self.start))

    def _decide(self, claim: int) -> Decision:
        decision = decide(
            self._program,
            self._plain,
            claim,
            self._effort.nodes,
            self._clock.check,
            self.stages,
            self._at_once,
        )
        self.visited += decision.visited
        log.info("claim %d: %d stages, %d keys", claim, len(decision.stages), decision.visited)
        return decision

    def _found(self, decision: Decision) -> None:
        assert decision.path is not None
        completions = decision.path.completions
        self.start = starts_of(self._problem, self._program.groups, completions)
        # A shortest path that is a schedule is the best one: the same stages prove that none is below it.
        self.lower, self.stages = self._upper, decision.stages


def _one_by_one(stages: Stages) -> Stages:
    """Return stages that count the same lengths in the same order, one more at a time."""
    return ((), *((length,) for stage in stages for length in stage))


def _named(groups: Groups, stages: Stages) -> tuple[tuple[tuple[int, int], ...], ...]:
    name = list(zip(groups.prompt.tolist(), groups.gen.tolist(), strict=True))
    return tuple(tuple(name[length] for length in stage) for stage in stages)
