"""A trade-off curve as data: the points, what they make reachable, and what they prove unreachable."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from instances.instance import Instance
from instances.named_limits import LimitName, named_limits
from instances.question import Question
from milp.pareto.axis import Axis
from milp.result import Result
from milp.status import Status
from milp.verifier import relative_gap


@dataclass(frozen=True)
class Line:
    """A proven bound that holds at every x: ``y ≥ intercept + slope · x`` for every plan.

    Parameters
    ----------
    intercept, slope
        Exact, in the units of the axes; the slope is at most 0.
    """

    intercept: Fraction
    slope: Fraction

    def at(self, x: Fraction) -> Fraction:
        """Return the bound on y of plans with this x."""
        return self.intercept + self.slope * x


@dataclass(frozen=True, eq=False)
class Point:
    """The answer to the question how little y a plan can have whose x is at most `most`.

    Parameters
    ----------
    most
        Most x allowed, an x that a plan can have; None for any x.
    result
        The answer, with plan and certificate.
    x, y
        Of the plan; None without one.
    line
        Bound that the certificate's prices prove at every x; None if there is none.
    """

    most: Fraction | None
    result: Result
    x: Fraction | None
    y: Fraction | None
    line: Line | None = None

    @property
    def is_empty(self) -> bool:
        """Whether it is proven that no plan has so little x."""
        return self.result.status is Status.INFEASIBLE

    @property
    def lower_bound(self) -> Fraction | None:
        """Certified lower bound on y of the plans with x ≤ `most`; None without one."""
        return None if self.is_empty or not self.result.certified else self.result.lower_bound

    def holds_at(self, x: Fraction) -> bool:
        """Whether what is proven here is proven of plans with this x."""
        return self.most is None or x <= self.most

    def answers(self, most: Fraction) -> bool:
        """Whether its plan is an answer to the same question with another `most` as well.

        A plan with x ≤ most that is best among more plans is best among fewer.
        """
        return self.x is not None and self.x <= most and self.holds_at(most)

    def supersedes(self, other: Point) -> bool:
        """Whether it answers the same question, and no less well."""
        if self.most != other.most or (self.y is None and other.y is not None):
            return False
        if self.is_empty or other.lower_bound is None:
            return True
        better = self.y is None or other.y is None or self.y <= other.y
        return better and self.lower_bound is not None and self.lower_bound >= other.lower_bound


@dataclass(frozen=True)
class Row:
    """What all points together say of one plan of the front.

    Parameters
    ----------
    x, y
        Of the plan.
    most
        Largest x allowed in a question that the plan answers, so that what it proves holds up to there; None
        for any x.
    lower_bound
        Best proven bound on y of plans with no more x; None without one.
    result
        The answer that holds the plan.
    """

    x: Fraction
    y: Fraction
    most: Fraction | None
    lower_bound: Fraction | None
    result: Result

    @property
    def gap(self) -> Fraction | None:
        """(y − lower bound) / y; None without a bound."""
        return None if self.lower_bound is None else relative_gap(self.lower_bound, self.y)

    @property
    def status(self) -> Status:
        """What is certified of the plan among those with no more x."""
        if self.lower_bound is None:
            return Status.CLAIMED
        return Status.OPTIMAL if self.lower_bound == self.y else Status.GAP


@dataclass(frozen=True, eq=False)
class Curve:
    """The trade-off between two metrics of an instance.

    Parameters
    ----------
    instance
        The problem; its limits hold along the curve.
    x, y
        The axes.
    dropped
        Limits on x and y that do not hold.
    points
        In ascending order of `most`, the one without last.
    least
        The answer to how little x any plan can have; None if that was not asked.
    seconds
        How long it took.
    """

    instance: Instance
    x: Axis
    y: Axis
    dropped: tuple[LimitName, ...] = ()
    points: tuple[Point, ...] = ()
    least: Result | None = None
    seconds: float = 0.0

    def question(self, most: Fraction | None) -> Question:
        """Return what a point asks but for its aim: x ≤ `most`, never more than the limits allow."""
        limits: dict[LimitName, Fraction | None] = dict.fromkeys(self.dropped)
        if most is not None:
            own = {} if self.x.limit in limits else named_limits(self.instance)
            limits[self.x.limit] = min(most, own.get(self.x.limit, most))
        return Question(None, limits)

    @property
    def kept_limits(self) -> dict[LimitName, Fraction]:
        """The instance's limits that hold along the curve."""
        limits = named_limits(self.instance)
        return {name: value for name, value in limits.items() if name not in self.dropped}

    @property
    def is_empty(self) -> bool:
        """Whether it is proven that no plan meets the limits."""
        return any(point.is_empty and point.most is None for point in self.points)

    @property
    def status(self) -> Status:
        """What is certified of all plans of the front together."""
        found = [row.status for row in self.rows()]
        if not found:
            # The last point allows the most x of all.
            return Status.INFEASIBLE if self.points and self.points[-1].is_empty else Status.NO_PLAN
        order = (Status.CLAIMED, Status.GAP, Status.OPTIMAL)
        return min(found, key=order.index)

    @cached_property
    def least_x(self) -> Fraction | None:
        """Proven: no plan has less x. None if nothing is known."""
        known = [self.x.above(p.most) for p in self.points if p.is_empty and p.most is not None]
        if self.least is not None and self.least.certified and self.least.lower_bound is not None:
            known.append(self.least.lower_bound)
        return max(known, default=None)

    @cached_property
    def front(self) -> tuple[tuple[Fraction, Fraction], ...]:
        """(x, y) of the plans that no other plan found is at least as good as in both, by ascending x."""
        found: list[tuple[Fraction, Fraction]] = []
        for x, y in sorted((p.x, p.y) for p in self.points if p.x is not None and p.y is not None):
            if not found or y < found[-1][1]:
                found.append((x, y))
        return tuple(found)

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        """Bounds that hold at every x."""
        return tuple(point.line for point in self.points if point.line is not None)

    def reachable(self, x: Fraction) -> Fraction | None:
        """Return the least y of the plans found with no more than this x; None if there is none."""
        return min((b for a, b in self.front if a <= x), default=None)

    def bound(self, x: Fraction) -> Fraction | None:
        """Return the best proven bound on y of plans with no more than this x; None without one.

        A bound for x ≤ most holds at every x up to there; a line falls, so its bound at x holds for less x.
        Bounds are rounded up to what a plan can have.
        """
        known = [line.at(x) for line in self.lines]
        certified = self.certified_bound(x)
        best = max(known if certified is None else [*known, certified], default=None)
        return None if best is None else self.y.reaching(best)

    def certified_bound(self, x: Fraction) -> Fraction | None:
        """Return the best bound on y of plans with no more than this x that is in a verified certificate."""
        known = [p.lower_bound for p in self.points if p.lower_bound is not None and p.holds_at(x)]
        return max(known, default=None)

    def unreachable(self, x: Fraction, y: Fraction) -> bool:
        """Tell whether it is proven that no plan has this x and this y."""
        if self.is_empty or (self.least_x is not None and x < self.least_x):
            return True
        bound = self.bound(x)
        return bound is not None and y < bound

    def rows(self) -> list[Row]:
        """Return what is known of each plan of the front, by ascending x, all bounds shared."""
        return [self._row(x, y) for x, y in self.front]

    def _row(self, x: Fraction, y: Fraction) -> Row:
        # Points are in ascending order of `most`, so the last one goes furthest.
        point = [p for p in self.points if (p.x, p.y) == (x, y)][-1]
        return Row(x, y, point.most, self.certified_bound(x), point.result)
