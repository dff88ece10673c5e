"""The rows of a league: what every contender reached on an instance, and how far it is from the best."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

from heuristics.attempt import Attempt, Outcome
from heuristics.result import badness
from instances.instance import Instance
from instances.violations import Violation
from milp.result import Result
from milp.status import Status
from milp.verifier import relative_gap

EXACT_ROW = "exact"
"""Name of the row of the solver's own plan."""

ONE_BY_ONE = "exact-stream-by-stream"
"""Name of the row of the streams solved one after another."""

Source = Literal["heuristic", "solver", "file"]


@dataclass(frozen=True, eq=False)
class Row:
    """One contender on one instance.

    Parameters
    ----------
    name
        The heuristic's name in the registry, `EXACT_ROW`, `ONE_BY_ONE`, or the name given to a plan.
    source
        Where the plan comes from.
    attempt
        The plan with its exact metrics, or why there is none.
    gap
        (cost − certified lower bound) / cost; None without a bound, or where the plan violates the instance
        and so may cost less than any plan that does not.
    """

    name: str
    source: Source
    attempt: Attempt
    gap: Fraction | None = None

    @property
    def outcome(self) -> Outcome:
        """What came of it."""
        return self.attempt.outcome

    @property
    def within(self) -> bool:
        """Whether there is a plan, and nothing is violated."""
        return self.outcome is Outcome.WITHIN

    @property
    def seconds(self) -> float | None:
        """Wall time that the plan took; None for one from a file."""
        return None if self.source == "file" else self.attempt.seconds

    @property
    def cost(self) -> Fraction | None:
        """Cost of the plan, within limits or not; None without one, or if its structure is broken."""
        return None if self.attempt.evaluation is None else self.attempt.evaluation.cost

    @property
    def violations(self) -> tuple[Violation, ...]:
        """What the plan violates."""
        return () if self.attempt.evaluation is None else self.attempt.evaluation.violations

    def measured(self, lower_bound: Fraction) -> Row:
        """Return the row with its gap to a certified bound, where there is one to tell."""
        if not self.within or self.cost is None:
            return self
        return replace(self, gap=relative_gap(lower_bound, self.cost))

    def rank(self) -> tuple[int, tuple[int, Fraction, Fraction], bool, str]:
        """Return a key by which better rows come first, and the proven one among equals."""
        found = self.attempt.evaluation
        none = (0, Fraction(0), Fraction(0))
        order = list(Outcome).index(self.outcome)
        return order, none if found is None else badness(found), self.name != EXACT_ROW, self.name


@dataclass(frozen=True, eq=False)
class Standings:
    """All contenders on one instance, the best first.

    Parameters
    ----------
    instance
        The problem.
    rows
        In the order of `Row.rank`.
    result
        What the solver proved, certificate included; None if it was interrupted before.
    """

    instance: Instance
    rows: tuple[Row, ...]
    result: Result | None

    @property
    def lower_bound(self) -> Fraction | None:
        """Certified: no plan within limits costs less; None without one."""
        return None if self.result is None else self.result.lower_bound

    @property
    def infeasible(self) -> bool:
        """Whether it is certified that no plan keeps to the limits."""
        return self.result is not None and self.result.status is Status.INFEASIBLE


@dataclass(frozen=True, eq=False)
class League:
    """The standings on some instances.

    Parameters
    ----------
    standings
        One per instance, in the order in which they were given.
    complete
        Whether every row is there; False after an interruption.
    seconds
        Wall time of it all.
    """

    standings: tuple[Standings, ...]
    complete: bool
    seconds: float
