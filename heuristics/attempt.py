"""One run of a heuristic, whatever comes of it: in this process, or in a child with a time limit."""

from __future__ import annotations

import multiprocessing
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from multiprocessing.connection import Connection

from heuristics.errors import Uncoverable
from instances.groups import Groups, form_groups
from instances.instance import Instance
from instances.metrics import Evaluation, evaluate
from instances.plan import Plan

Heuristic = Callable[[Instance, Groups], Plan]

# A server without threads forks a child that has everything imported within milliseconds.
_START = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"


class Outcome(StrEnum):
    """What can come of an attempt to plan an instance."""

    WITHIN = "within limits"
    VIOLATES = "violates"
    NO_PLAN = "no plan"
    OUT_OF_TIME = "out of time"
    FAILED = "failed"


@dataclass(frozen=True, eq=False)
class Attempt:
    """What came of one run.

    Parameters
    ----------
    outcome
        ``within limits`` and ``violates`` come with a plan and its evaluation, the others with a reason.
    seconds
        Wall time of the heuristic alone; of the whole child if it was stopped.
    plan, evaluation
        The plan and its exact metrics; None without one.
    reason
        Why there is no plan; None if there is one.
    """

    outcome: Outcome
    seconds: float
    plan: Plan | None = None
    evaluation: Evaluation | None = None
    reason: str | None = None


def judged(plan: Plan, evaluation: Evaluation, seconds: float) -> Attempt:
    """Return the attempt that ended with a plan."""
    outcome = Outcome.WITHIN if evaluation.feasible else Outcome.VIOLATES
    return Attempt(outcome, seconds, plan, evaluation)


def attempt(heuristic: Heuristic, instance: Instance, groups: Groups | None = None) -> Attempt:
    """Run a heuristic in this process.

    Parameters
    ----------
    heuristic
        One of `heuristics.registry.HEURISTICS`.
    groups
        The instance's groups, if at hand.
    """
    groups = form_groups(instance) if groups is None else groups
    start = time.perf_counter()
    try:
        plan = heuristic(instance, groups)
        seconds = time.perf_counter() - start
        return judged(plan, evaluate(instance, plan, groups), seconds)
    except Uncoverable as why:
        return Attempt(Outcome.NO_PLAN, time.perf_counter() - start, reason=str(why))
    except Exception as why:
        # A mistake in one heuristic is its own outcome; it must not take the others with it.
        return Attempt(
            Outcome.FAILED, time.perf_counter() - start, reason=f"{type(why).__name__}: {why}".strip(": ")
        )


def attempt_apart(heuristic: Heuristic, instance: Instance, limit: float) -> Attempt:
    """Run a heuristic in a child process, and stop it there when its time is over.

    Scripts that call this need the guard ``if __name__ == "__main__":`` that `multiprocessing` asks for.

    Parameters
    ----------
    heuristic
        A function of a module: the child imports it.
    limit
        Seconds that the child may take, its start included.
    """
    context = multiprocessing.get_context(_START)
    if _START == "forkserver":
        context.set_forkserver_preload(["heuristics"])
    receiver, sender = context.Pipe(duplex=False)
    # mypy knows no start method that all contexts have.
    child = context.Process(  # type: ignore[attr-defined]
        target=_in_child, args=(sender, heuristic, instance), daemon=True
    )
    with _deaf():
        child.start()
    sender.close()
    try:
        if not receiver.poll(limit):
            return Attempt(Outcome.OUT_OF_TIME, limit, reason=f"not done after {limit:g} s")
        found: Attempt = receiver.recv()
        return found
    except EOFError:
        child.join()
        return Attempt(Outcome.FAILED, 0.0, reason=f"its process ended with code {child.exitcode}")
    finally:
        child.kill()
        child.join()
        receiver.close()


@contextmanager
def _deaf() -> Iterator[None]:
    """Keep Ctrl-C from what is started within the block; in this process it waits until the block ends."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _in_child(sender: Connection, heuristic: Heuristic, instance: Instance) -> None:
    # Ctrl-C goes to parent and child alike, and the parent decides; signals are not blocked everywhere.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(BrokenPipeError):
        sender.send(attempt(heuristic, instance))
