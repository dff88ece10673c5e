"""Tracing a trade-off curve: y is minimised under x ≤ ε, for ε from the least x to the x of the best y.

The ε-constraint method (Haimes, Lasdon and Wismer 1971), every step certified: an ε stands for a question
whose answer holds a plan, a bound on y of all plans with x ≤ ε, and often a line that bounds y at every x.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

from instances.batch_model import form_batch_model
from instances.errors import InputError
from instances.instance import Instance
from instances.plan import Plan
from instances.question import Question
from milp.interrupts import noticed_interrupts
from milp.minimizing import minimize
from milp.pareto.axis import Axis
from milp.pareto.curve import Curve, Point
from milp.pareto.lines import proven_line
from milp.pareto.spacing import equal_steps, widest
from milp.progress import Progress
from milp.result import Result

logger = logging.getLogger(__name__)

CurveProgress = Callable[[str, Progress], None]
"""Called with what is asked, in words, and where that search stands; seconds are of the whole curve."""

FIRST_SHARE = 0.4
"""Part of the time that the first point may take, without which there is no curve."""
LEAST_SHARE = 0.15
"""Part of the time in which the least x is looked for."""
EXPLORING_SHARE = 0.5
"""Part of the time after which it is not narrowed down any further."""
EXPLORED = 8
"""Questions, at most, by which the least x is narrowed down."""
NEAR_LEAST = 40
"""Part of the range of x that may stay unknown at its lower end."""
PATIENCE = 2
"""Times its fair share of the time left that a point may take."""
SHORTEST = 0.2
"""Seconds below which no search is begun."""


def trace(
    instance: Instance,
    x: str,
    y: str,
    *,
    points: int = 15,
    start: Fraction | None = None,
    stop: Fraction | None = None,
    without_limits: bool = False,
    time_limit: float = 300.0,
    gap: float = 1e-4,
    workers: int = 2,
    seed: int = 0,
    progress: CurveProgress | None = None,
) -> Curve:
    """Trace the trade-off between two metrics of the whole plan.

    Parameters
    ----------
    instance
        The problem; all its limits hold along the curve.
    x, y
        ``cost``, ``pad_ratio``, ``total_time``, ``batches``, ``shapes``, or percentiles such as ``p95``.
    points
        Points to find, at most; fewer if there are no more.
    start, stop
        Values of x between which to look; None for the least x there is and for the x of the best y.
    without_limits
        Whether the instance's limits on x and y are left out.
    time_limit
        Seconds for all points together.
    gap
        Relative gap in y at which a point is done.
    workers, seed
        Threads and random seed of the engine.
    progress
        Called as the search goes on.

    Returns
    -------
    Curve
        What was found by the end of the time, or until the user interrupted.

    Raises
    ------
    InputError
        If a metric is unknown, both are the same, or there is nothing between `start` and `stop`.
    """
    curve = Curve(instance, Axis.of(instance, x), Axis.of(instance, y))
    if curve.x.metric == curve.y.metric:
        raise InputError("two metrics", f"{curve.x.metric} twice")
    if start is not None and stop is not None and start >= stop:
        raise InputError("a start below the stop", f"{start} and {stop}")
    if without_limits:
        curve = replace(curve, dropped=(*curve.x.own_limits(), *curve.y.own_limits()))
    with noticed_interrupts() as interrupted:
        settings = {"gap": gap, "workers": workers, "seed": seed}
        tracer = _Tracer(curve, points, time_limit, settings, progress, interrupted)
        try:
            tracer.run(start, stop)
        except KeyboardInterrupt:
            logger.warning("interrupted: keeping the points so far")
    return replace(tracer.curve, seconds=time.monotonic() - tracer.begin)


class _Tracer:
    """One curve as it grows."""

    def __init__(
        self,
        curve: Curve,
        points: int,
        time_limit: float,
        settings: dict[str, Any],
        progress: CurveProgress | None,
        interrupted: Callable[[], bool],
    ) -> None:
        self.curve, self.points = curve, points
        self.begin = time.monotonic()
        self.until = self.begin + time_limit
        self.settings, self.progress, self.interrupted = settings, progress, interrupted
        self.refused: set[Fraction] = set()

    @property
    def found(self) -> int:
        return len({point.most for point in self.curve.points if point.x is not None})

    @property
    def open(self) -> bool:
        """Whether there is time and need for another point."""
        return self.found < self.points and self.until - time.monotonic() > SHORTEST

    def run(self, start: Fraction | None, stop: Fraction | None) -> None:
        """Ask for the two ends, then between them."""
        x = self.curve.x
        if self.ask(None if stop is None else x.below(stop)).x is None:
            return
        if start is None:
            if not x.is_percentile:
                self._ask_least()
            self._narrow()
        left = self.curve.front[0][0] if start is None else x.below(start)
        steps = equal_steps(x, left, self.curve.front[-1][0], max(1, self.points // 2))
        # Downwards, since an answer that needs less x than it may answers the questions in between as well,
        # and since less x is harder to keep to: plans near by are then at hand.
        for most in (*reversed(steps), left):
            if self.open and not self.answered(most):
                self.ask(most)
        if left in self.refused:
            self._narrow()
        while self.open:
            following = widest(self.curve, self.refused)
            if following is None:
                break
            self.ask(following)
        self._tighten()

    def _tighten(self) -> None:
        """Ask once more, in the time that is left, where the gap is not yet what it should be.

        The plans found at other points since then make for a better start.
        """
        loose = [row for row in self.curve.rows() if row.gap is None or row.gap > self.settings["gap"]]
        loose.sort(key=lambda row: Fraction(1) if row.gap is None else row.gap, reverse=True)
        asked = [row.most for row in loose]
        asked += [point.most for point in self.curve.points if point.x is None and not point.is_empty]
        for number, most in enumerate(asked):
            if self.until - time.monotonic() > SHORTEST:
                self.ask(most, share=1 / (len(asked) - number))

    def answered(self, most: Fraction) -> bool:
        """Tell whether another point's plan is an answer here too, or none was found here before."""
        return most in self.refused or any(point.answers(most) for point in self.curve.points)

    def _narrow(self) -> None:
        """Narrow down the lower end of the range of x, between proofs and plans."""
        x = self.curve.x
        until = self.begin + EXPLORING_SHARE * (self.until - self.begin)
        for _ in range(EXPLORED):
            left, right = self.curve.front[0][0], self.curve.front[-1][0]
            known = [value for value in (self.curve.least_x, *self.refused) if value is not None]
            low = max((value for value in known if value <= left), default=Fraction(0))
            most = x.below((low + left) / 2)
            if not self.open or time.monotonic() > until:
                return
            if left - low <= (right - low) / NEAR_LEAST or not low < most < left:
                return
            self.ask(most, share=1 / max(1, self.points - self.found))

    def _ask_least(self) -> None:
        """Ask for the least x, and for the least y at it."""
        metric = self.curve.x.metric
        result = self._search(f"least {metric}", metric, self.curve.question(None), LEAST_SHARE)
        self.curve = replace(self.curve, least=result)
        if result.plan is None or result.evaluation is None:
            return
        most = self.curve.x.value(result.plan, result.evaluation)
        if self.open and not self.answered(most):
            self.ask(most, result.plan)

    def ask(self, most: Fraction | None, plan: Plan | None = None, share: float | None = None) -> Point:
        """Minimise y under x ≤ `most`, and add what is found to the curve.

        Parameters
        ----------
        most
            Most x allowed; None for any.
        plan
            A plan to start from; None for the likeliest of those known.
        share
            Part of the time left that it may take; None for some times a fair share.
        """
        curve = self.curve
        question = curve.question(most)
        words = "any x" if most is None else f"{curve.x.metric} ≤ {float(most):,.6g}"
        start = self._start(most) if plan is None else plan
        if share is None:
            share = max(PATIENCE / max(1, self.points - self.found), 0 if curve.points else FIRST_SHARE)
        result = self._search(words, curve.y.metric, question, share, start)
        point = self._point(most, question, result)
        kept = [known for known in curve.points if not point.supersedes(known)]
        self.curve = replace(curve, points=tuple(sorted([*kept, point], key=_place)))
        if point.x is None and most is not None:
            self.refused.add(most)
        return point

    def _end_if_interrupted(self) -> None:
        if self.interrupted():
            raise KeyboardInterrupt

    def _search(
        self, words: str, metric: str, question: Question, share: float, plan: Plan | None = None
    ) -> Result:
        begin = time.monotonic()
        self._end_if_interrupted()

        def tell(progress: Progress) -> None:
            # A search ends at an interrupt and returns what it has: so must all that follow.
            self._end_if_interrupted()
            if self.progress is not None:
                seconds = begin - self.begin + progress.seconds
                step = f"point {min(self.found + 1, self.points)} of {self.points}, {words}"
                self.progress(step, replace(progress, seconds=seconds))

        return minimize(
            self.curve.instance,
            metric,
            question=question,
            time_limit=max(SHORTEST, min(1.0, share) * (self.until - begin)),
            warm_start=plan,
            progress=tell,
            **self.settings,
        )

    def _start(self, most: Fraction | None) -> Plan | None:
        """Return the best plan known that keeps to x ≤ `most`, or else the nearest one."""
        known = [p for p in self.curve.points if p.x is not None]
        within = [p for p in known if most is None or (p.x is not None and p.x <= most)]
        if within:
            return min(within, key=lambda p: (p.y is None, p.y)).result.plan
        return min(known, key=lambda p: (p.x is None, p.x)).result.plan if known else None

    def _point(self, most: Fraction | None, question: Question, result: Result) -> Point:
        curve, evaluation = self.curve, result.evaluation
        line = None
        # Of a percentile the certificate proves that nothing less is kept to, which prices no x.
        if most is not None and result.certificate is not None and not curve.y.is_percentile:
            asked = replace(question, minimize=curve.y.minimized).about(curve.instance)
            line = proven_line(form_batch_model(asked), result.certificate, curve.x, curve.y)
        if result.plan is None or evaluation is None or not evaluation.feasible:
            return Point(most, result, None, None, line)
        x, y = (axis.value(result.plan, evaluation) for axis in (curve.x, curve.y))
        return Point(most, result, x, y, line)


def _place(point: Point) -> tuple[bool, Fraction]:
    return point.most is None, point.most or Fraction(0)
