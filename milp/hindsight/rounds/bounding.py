"""The least total latency: proven where the states are few enough, bounded where they are not."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable

from milp.hindsight.rounds.checking import RoundBound, checked
from milp.hindsight.rounds.local_search import improved
from milp.hindsight.rounds.multipliers import bound_by_memory
from milp.hindsight.rounds.optimum import Effort, minimize_latency
from milp.hindsight.rounds.problem import RoundProblem
from milp.hindsight.rounds.proofs import RoundProof
from milp.hindsight.rounds.states import TooManyStates
from milp.hindsight.rounds.told import Told
from milp.interrupts import first_interrupt_noticed
from milp.progress import ProgressCallback


def bound_latency(
    problem: RoundProblem, seconds: float = 60.0, progress: ProgressCallback | None = None
) -> RoundBound:
    """Look for the least total latency and prove it, or bound it from both sides.

    Ctrl-C ends the search with what it has; pressed twice, it ends the program.

    Parameters
    ----------
    problem
        The problem.
    seconds
        Processor time after which the search ends.
    progress
        Told of better schedules and higher bounds, in rounds of total latency.
    """
    begin = time.monotonic()
    with first_interrupt_noticed() as interrupted:
        proof = _proof(problem, seconds, interrupted, progress)
    found = time.monotonic()
    return checked(problem, proof, found - begin)


def _proof(
    problem: RoundProblem,
    seconds: float,
    interrupted: Callable[[], bool],
    progress: ProgressCallback | None,
) -> RoundProof:
    begin = time.process_time()

    def after(part: float) -> Callable[[], bool]:
        return lambda: time.process_time() - begin > part * seconds or interrupted()

    effort = Effort(seconds=seconds, local_seconds=seconds / 4)
    try:
        return minimize_latency(problem, effort, stop=interrupted, progress=progress).certificate
    except TooManyStates:
        proof = bound_by_memory(problem, after(0.5), progress=progress)
        Told(progress).tell("local search", problem.latency(proof.start), proof.claim)
        start = improved(problem, proof.start, after(1.0), proof.claim)
        return dataclasses.replace(proof, start=start)
