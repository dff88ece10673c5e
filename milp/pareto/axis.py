"""One axis of a trade-off curve: a metric of the whole plan, its values and its limit."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil
from typing import cast

from instances.instance import Instance
from instances.limits import percentile_name, percentile_quantile
from instances.metrics import Evaluation, evaluate
from instances.named_limits import SHAPES, LimitName, named_limits
from instances.objective import Minimized, refuse_unknown_metric
from instances.objective_value import ticks_reaching, value_at
from instances.plan import Plan
from instances.question import Question

MILLISECONDS = "ms"
COUNTED = ("batches", "shapes")
"""Metrics that are whole numbers."""


@dataclass(frozen=True, eq=False)
class Axis:
    """A metric over all streams.

    Parameters
    ----------
    metric
        ``cost``, ``pad_ratio``, ``total_time``, ``batches``, ``shapes`` or a percentile such as ``p95``.
    instance
        The problem, which says how fine the metric's values are.
    """

    metric: str
    instance: Instance

    @staticmethod
    def of(instance: Instance, metric: str) -> Axis:
        """Return the axis of a metric.

        Raises
        ------
        InputError
            If there is no such metric.
        """
        refuse_unknown_metric(metric)
        share = percentile_quantile(metric)
        return Axis(metric if share is None else percentile_name(share), instance)

    @property
    def limit(self) -> LimitName:
        """The limit on the metric, over all streams."""
        return LimitName(SHAPES if self.metric == "shapes" else self.metric)

    @property
    def is_percentile(self) -> bool:
        """Whether it is a latency percentile."""
        return percentile_quantile(self.metric) is not None

    @property
    def is_counted(self) -> bool:
        """Whether its values are whole numbers."""
        return self.metric in COUNTED

    @property
    def unit(self) -> str:
        """Unit for people; empty for numbers."""
        return MILLISECONDS if self.is_percentile or self.metric == "total_time" else ""

    @property
    def ticks(self) -> tuple[int, int] | None:
        """(offset, per unit) of value v's whole ticks ``offset + per unit · v``, if they are a line in v.

        Ticks are those of the limit's row. None for percentiles and shapes, whose limits are no price times a
        right-hand side, and for padding over all tokens, which is R/(1 − v) tokens.
        """
        if self.metric == "pad_ratio":
            real = self.instance.real_tokens
            return (real, real) if self.instance.pad_over == "real" else None
        scales = {"cost": self.instance.cost_scale, "total_time": self.instance.time_scale, "batches": 1}
        return (0, scales[self.metric]) if self.metric in scales else None

    def value(self, plan: Plan, evaluation: Evaluation) -> Fraction:
        """Return what a plan has of the metric."""
        total = evaluation.total
        assert total is not None
        if not self.is_percentile:
            return Fraction(getattr(total, self.metric))
        if self.metric not in total.latency:
            # Percentiles are reported where they are limited.
            limited = Question(None, {self.limit: Fraction(10**30)}).about(self.instance)
            total = evaluate(limited, plan).total
            assert total is not None
        return total.latency[self.metric]

    def own_limits(self) -> dict[LimitName, Fraction]:
        """Return the instance's limits on the metric, of streams and over all."""
        limits = named_limits(self.instance)
        return {name: value for name, value in limits.items() if name.metric == self.limit.metric}

    def below(self, value: Fraction) -> Fraction:
        """Return the largest value that a plan could have and that is at most `value`."""
        count = self._reaching(value)
        if count is None:
            return value
        reached = self._value_at(count)
        return reached if reached == value else self._value_at(count - 1)

    def reaching(self, value: Fraction) -> Fraction:
        """Return the least value that a plan could have and that is at least `value`."""
        count = self._reaching(value)
        return value if count is None else self._value_at(count)

    def above(self, value: Fraction) -> Fraction:
        """Return the least value over `value` that a plan could have."""
        count = self._reaching(value)
        if count is None:
            return value
        reached = self._value_at(count)
        return reached if reached > value else self._value_at(count + 1)

    def _reaching(self, value: Fraction) -> int | None:
        if self.is_percentile:
            return ceil(value * self.instance.time_scale)
        return ticks_reaching(self._minimizing, value)

    def _value_at(self, count: int) -> Fraction:
        if self.is_percentile:
            return Fraction(count, self.instance.time_scale)
        return value_at(self._minimizing, count)

    @property
    def minimized(self) -> Minimized:
        """The metric as an aim; not for percentiles."""
        assert not self.is_percentile
        return cast(Minimized, self.metric)

    @property
    def _minimizing(self) -> Instance:
        return replace(self.instance, minimize=self.minimized)
