"""How far one limit has to give way for the others to be met, certified on both sides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from instances.batch_model import form_batch_model
from instances.instance import Instance
from instances.limits import percentile_quantile
from instances.named_limits import SHAPES, LimitName
from instances.plan import Plan
from milp.certificate import Certificate
from milp.explain.asking import Asking
from milp.explain.floors import can_be_minimized, floor, proof_under, under
from milp.explain.splice import spliced, stream_of
from milp.explain.ticks import from_ticks, is_allowed, to_ticks

MOST_LATENCIES = 4_000_000
"""Pairs of requests and batch types whose latencies are looked at; beyond, every tick is a candidate."""


@dataclass(frozen=True, eq=False)
class Relaxation:
    """The least value of one limit at which all limits can be met.

    Parameters
    ----------
    name, value
        The limit and its value so far.
    infeasible_at, certificate
        The largest value proven to be too small, and the proof.
    feasible_at, plan
        The least value that some plan keeps to, and the plan; None if there is none, or none was found.
    tight
        Whether there is nothing between the two: no plan has a value between them.
    helps
        False if all limits but this one are proven to be out of reach, so that no value is enough.
    """

    name: LimitName
    value: Fraction
    infeasible_at: Fraction
    certificate: Certificate | None
    feasible_at: Fraction | None
    plan: Plan | None
    tight: bool
    helps: bool = True


def least_relaxation(asking: Asking, name: LimitName, certificate: Certificate, share: float) -> Relaxation:
    """Return how far a limit has to give way, all other limits kept.

    Parameters
    ----------
    asking
        The instance and what is known of it.
    name
        Which limit.
    certificate
        Proof that the instance as it is has no plan.
    share
        Most of the time left that may be used.
    """
    value = asking.own[name]
    others = {other: limit for other, limit in asking.own.items() if other != name}
    free = asking.ask(others, share / 2)
    if free.plan is None:
        helps = free.certificate is None
        proof = free.certificate or certificate
        return Relaxation(name, value, value, proof, None, None, tight=False, helps=helps)
    return _Interval(asking, name, certificate, free.plan).narrowed(asking.left * (1 - share))


class _Interval:
    """Ticks of one limit: up to `low` proven infeasible, from `high` met by a plan."""

    def __init__(self, asking: Asking, name: LimitName, certificate: Certificate, plan: Plan) -> None:
        self.asking, self.name = asking, name
        self.low, self.certificate = to_ticks(asking.instance, name, asking.own[name]), certificate
        self.plan, self.high = plan, self._ticks(plan)

    def narrowed(self, spare: float) -> Relaxation:
        """Narrow the interval until nothing is left of it, or no more than `spare` seconds."""
        with self.asking.interruptible():
            self._take_least(spare)
        candidates = self._candidates()
        first = True
        while self.high - self.low > 1 and self.asking.left > spare:
            # The best plan is often the one at hand: what is a tick less is asked first.
            middle = self.high - 1 if first else self._middle(candidates)
            first = False
            if not self._probe(middle):
                break
        asking, name = self.asking, self.name
        return Relaxation(
            name,
            asking.own[name],
            max(asking.own[name], from_ticks(asking.instance, name, self.low)),
            self.certificate,
            from_ticks(asking.instance, name, self.high),
            self.plan,
            tight=self.high - self.low == 1,
        )

    def _probe(self, ticks: int) -> bool:
        """Ask about one value; tell whether there was an answer."""
        value = from_ticks(self.asking.instance, self.name, ticks)
        answer = self.asking.ask({**self.asking.own, self.name: value})
        if answer.plan is not None:
            self.plan, self.high = answer.plan, min(ticks, self._ticks(answer.plan))
        elif answer.certificate is not None:
            self.low, self.certificate = ticks, answer.certificate
        else:
            return False
        return True

    def _take_least(self, spare: float) -> None:
        """Take the least of the metric, and the plan that has it, where it can be what is minimised."""
        asking, name = self.asking, self.name
        if not can_be_minimized(asking.instance, name) or self.high - self.low <= 1:
            return
        stream = name.stream if len(asking.instance.streams) > 1 else None
        found = floor(
            asking.instance,
            name,
            time_limit=max(0.1, 0.5 * (asking.left - spare)),
            plan=self.plan if stream is None else stream_of(self.plan, stream),
            improve=True,
            workers=asking.workers,
            seed=asking.seed,
        )
        plan = found.result.plan
        if plan is not None:
            # What one stream runs like is of no concern to the others, their limits on shapes apart.
            self._take_plan(plan if stream is None else spliced(plan, stream, self.plan))
        bound = found.result.lower_bound
        less = None if bound is None or name.metric == SHAPES else under(asking.instance, name, bound)
        ticks = self.low if less is None else to_ticks(asking.instance, name, less)
        if less is not None and self.low < ticks < self.high:
            asked = asking.about({**asking.own, name: less})
            proof = proof_under(asking.instance, asked, name, found)
            if proof is not None:
                self.low, self.certificate = ticks, proof

    def _take_plan(self, plan: Plan) -> None:
        values = self.asking.learn(plan)
        others = {other: value for other, value in self.asking.own.items() if other != self.name}
        if values is None or any(values[other] > value for other, value in others.items()):
            return
        if self._ticks(plan) < self.high:
            self.plan, self.high = plan, self._ticks(plan)

    def _middle(self, candidates: Sequence[int]) -> int:
        inside = [ticks for ticks in candidates if self.low < ticks < self.high]
        if inside:
            # Just below a candidate: a plan there has the candidate before it at most.
            return max(self.low + 1, inside[len(inside) // 2])
        return self.high - 1 if candidates else (self.low + self.high) // 2

    def _candidates(self) -> list[int]:
        """Return the values, in ticks, that a service percentile can have; none if there are too many."""
        instance = self.asking.instance
        if percentile_quantile(self.name.metric) is None or instance.latency != "service":
            return []
        return service_latencies(instance, self.low, self.high)

    def _ticks(self, plan: Plan) -> int:
        value = self.asking.values(plan)[self.name]
        ticks = to_ticks(self.asking.instance, self.name, value)
        assert is_allowed(self.name, value)
        return ticks


def service_latencies(instance: Instance, low: int, high: int) -> list[int]:
    """Return the service latencies that requests can have between two, in time ticks, ascending."""
    model = form_batch_model(instance)
    types, groups = model.types, model.groups
    if len(types) * len(groups) > MOST_LATENCIES:
        return []
    cold = int(instance.time.cold_start * instance.time_scale)
    warm = np.add.outer(np.unique(types.unit_latency), np.unique(types.own_latency)).ravel()
    values = np.unique(np.concatenate([warm, warm + cold]))
    return [int(value) for value in values.tolist() if low < value < high]
