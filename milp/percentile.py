"""The least latency percentile: between a plan that keeps to it and a proof that no plan keeps to less.

Whether some plan keeps a percentile to θ is a question of feasibility, so the least θ is found by bisection
over whole time ticks: plans from above, certificates of infeasibility from below.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np

from instances.batch_model import BatchModel, form_batch_model
from instances.exact import IntArray, shifted
from instances.instance import Instance
from instances.latencies import percentile
from instances.limits import percentile_quantile
from instances.metrics import evaluate
from instances.named_limits import LimitName, named_limits
from instances.plan import Plan
from instances.question import Question
from milp.result import Result
from milp.solving import ask
from milp.status import Status

NEAR = 200
"""Part of the plan's own percentile at which proofs are tried right below it, where the least often is."""
MOST_VALUES = 20_000_000
"""Pairs of batch types and groups whose latencies are listed."""
SHARE = 3
"""Part of the time left that one question may take."""


def least_percentile(
    instance: Instance,
    metric: str,
    limits: Mapping[LimitName, Fraction | None],
    *,
    time_limit: float,
    gap: float = 0.0,
    warm_start: Plan | None = None,
    **settings: Any,
) -> Result:
    """Find a plan with the least percentile over all streams, and certify how little any plan can have.

    Parameters
    ----------
    instance
        The problem as its file has it.
    metric
        The percentile, such as ``p95``.
    limits
        Other limits, as in `Question`.
    time_limit, gap, warm_start, settings
        Those of `solve`.

    Returns
    -------
    Result
        The plan has the value, and the certificate proves that no plan keeps to a tick less than the lower
        bound; there is none if the lower bound is 0.
    """
    start = time.monotonic()
    search = PercentileSearch(instance, metric, limits, start + time_limit, settings)
    search.start(warm_start)
    while not search.closed(gap) and search.step():
        pass
    return search.conclude(time.monotonic() - start)


def least_ticks(model: BatchModel, metric: str) -> int:
    """Return the percentile, in time ticks, of what each request takes at least, whatever the plan."""
    share = percentile_quantile(metric)
    assert share is not None
    types, groups = model.types, model.groups
    least = np.empty(len(groups), dtype=object)
    for stream in range(len(model.instance.streams)):
        of_stream = np.flatnonzero(groups.stream == stream)
        mine = np.flatnonzero(types.stream == stream)
        # By ascending latency the first type that holds a group is its fastest.
        mine = mine[np.argsort(types.unit_latency[mine], kind="stable")]
        for group in of_stream.tolist():
            holds = (types.prompt[mine] >= groups.prompt[group]) & (types.gen[mine] >= groups.gen[group])
            fastest = int(types.unit_latency[mine[int(np.argmax(holds))]])
            least[group] = fastest + int(types.own_latency[group])
    return percentile(least, groups.count, share)


def attained_latencies(model: BatchModel) -> IntArray:
    """Return what latencies there can be, ascending, in time ticks; none if there are too many to list.

    Where latency means completion, any sum of durations can be one.
    """
    types, groups = model.types, model.groups
    if model.instance.latency == "completion" or len(types) * len(groups) > MOST_VALUES:
        return np.zeros(0, dtype=np.int64)
    sums = [
        np.unique(types.unit_latency[types.stream == k][:, None] + types.own_latency[groups.of_stream(k)])
        for k in range(len(model.instance.streams))
    ]
    cold = model.delay_ticks
    plain = np.concatenate(sums)
    return np.unique(np.concatenate([plain, shifted(plain, cold)]))


class PercentileSearch:
    """The interval that is left: a plan keeps to `high` time ticks, and no plan to `low` − 1.

    Parameters
    ----------
    instance, metric, limits
        As in `least_percentile`.
    end
        Clock time (`time.monotonic`) at which to stop.
    settings
        Those of `solve`.
    """

    def __init__(
        self,
        instance: Instance,
        metric: str,
        limits: Mapping[LimitName, Fraction | None],
        end: float,
        settings: dict[str, Any],
    ) -> None:
        self.instance, self.name = instance, LimitName(metric)
        self.limits, self.end, self.settings = dict(limits), end, settings
        self.low, self.high = 0, 0
        # The last answer with a plan, the last proof, and the least limit that gave neither.
        self.best: Result | None = None
        self.proof: Result | None = None
        self.open: int | None = None
        self.easy: list[int] = []
        self.values: IntArray = np.zeros(0, dtype=np.int64)

    def start(self, plan: Plan | None) -> None:
        """Look for a plan at all, or a proof that there is none."""
        asked = Question(None, self.limits).about(self.instance)
        own = named_limits(asked).get(self.name)
        self._ask(own, plan)
        if self.best is not None:
            model = form_batch_model(asked)
            least = least_ticks(model, self.name.metric)
            self.easy = [least, least + 1]
            self.values = attained_latencies(model)

    def closed(self, gap: float) -> bool:
        """Tell whether the interval is as small as the accepted gap, or there is no plan."""
        return self.best is None or self.high - self.low <= gap * self.high

    def step(self) -> bool:
        """Ask one question; tell whether there are more to ask."""
        high = self.high if self.open is None else self.open
        if self.low >= high or time.monotonic() > self.end:
            return False
        at = self._next(high)
        answer = self._ask(Fraction(at - 1, self.instance.time_scale), None)
        if answer.status is Status.INFEASIBLE:
            self.low, self.proof = at, answer
        elif self.high >= at:
            # Neither a plan nor a proof in the time: what lies below is easier to prove.
            self.open = at - 1
        return True

    def _next(self, high: int) -> int:
        """Return the ticks below which to look for a plan next: over `low` and at most `high`."""
        if self.easy:
            # What each request takes at least proves itself, and is often reached.
            return min(high, max(self.low + 1, self.easy.pop(0)))
        if len(self.values):
            first = int(np.searchsorted(self.values, self.low, side="right"))
            last = int(np.searchsorted(self.values, high))
            if last <= first:
                return high
            return int(self.values[(first + last) // 2])
        return high if high - self.low <= max(1, high // NEAR) else (self.low + high + 1) // 2

    def _ask(self, most: Fraction | None, plan: Plan | None) -> Result:
        settings = {**self.settings, "time_limit": max(0.1, (self.end - time.monotonic()) / SHARE)}
        question = Question(None, self.limits if most is None else {**self.limits, self.name: most})
        answer = ask(self.instance, question, gap=1.0, warm_start=plan, **settings)
        if answer.plan is not None and answer.evaluation is not None and answer.evaluation.feasible:
            self.best = answer
            self.high = int(self._value(answer.plan) * self.instance.time_scale)
            self.open = None if self.open is None or self.open >= self.high else self.open
        elif self.best is None:
            self.proof = answer
        return answer

    def _value(self, plan: Plan) -> Fraction:
        total = evaluate(self._probed(), plan).total
        assert total is not None
        return total.latency[self.name.metric]

    def _probed(self) -> Instance:
        """Return the instance whose evaluations report the percentile."""
        return Question(None, {self.name: Fraction(10**30)}).about(self.instance)

    def _status(self) -> Status:
        if self.proof is None:
            # That no latency is below 0 is true, and nothing that was proven.
            return Status.CLAIMED
        return Status.OPTIMAL if self.low == self.high else Status.GAP

    def conclude(self, seconds: float) -> Result:
        """Return the interval as a result."""
        if self.best is None:
            assert self.proof is not None
            return replace(self.proof, seconds=seconds)
        scale = self.instance.time_scale
        certificate = None if self.proof is None else self.proof.certificate
        return replace(
            self.best,
            status=self._status(),
            certificate=certificate,
            aim=self.name.metric,
            value=Fraction(self.high, scale),
            lower_bound=Fraction(self.low, scale),
            claimed_bound=None,
            seconds=seconds,
            times={},
        )
