"""Gens in buckets of the largest width that keeps to the limits, found by bisection."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from heuristics.cells import cells_plan
from heuristics.errors import Uncoverable
from heuristics.gen_buckets.budget import bucketed
from heuristics.gen_buckets.gen_buckets import best_buckets
from instances.groups import Groups
from instances.instance import Instance
from instances.limits import Limits
from instances.metrics import Evaluation, evaluate
from instances.plan import Plan

Ints = npt.NDArray[np.int64]
Widths = tuple[int, ...]

PROBES = 6
"""Widths beyond the one found that are tried too, up to twice as wide."""


def gen_bisection(instance: Instance, groups: Groups) -> Plan:
    """Return the plan of the widest gen buckets that keep to the limits on padding and on percentiles.

    Wider buckets make fewer batches, so less total time. Prompts are cut as `gen_buckets` cuts them; each
    stream's width is bisected against its own limits, then all are narrowed together until those over all
    streams hold. Padding and service latencies grow with the width, but not at every step: ends of buckets
    move, and what they come to lie on is luck. So a few wider buckets are tried as well, and a width counts
    as good only if its own plan was evaluated. Completion times fall with the width and are left alone.
    Without limits that a width could break, the plan is that of `gen_buckets`.

    Raises
    ------
    Uncoverable
        If some request fits no allowed shape, or a batch has no room for it.
    """
    prompt, widths, plan = best_buckets(instance, groups)
    scopes = (instance.limits, *(stream.limits for stream in instance.streams))
    if not any(_kinds(instance, limits) for limits in scopes):
        return plan
    found = _Bisection(instance, groups, prompt, len(widths)).plan()
    return plan if found is None else found


class _Bisection:
    """Widths that were tried, and the search for the largest."""

    def __init__(self, instance: Instance, groups: Groups, prompt: Ints, widths: int) -> None:
        self.instance, self.groups, self.prompt = instance, groups, prompt
        self.widths = widths
        self.tried: dict[Widths, tuple[Plan, Evaluation] | None] = {}

    def plan(self) -> Plan | None:
        """Return the plan of the largest widths; None if it is not structurally valid."""
        longest = int(self.groups.gen.max())
        every = tuple(range(len(self.instance.streams)))
        best: Widths = (1,) * self.widths
        for place in range(self.widths):
            concerned = (place,) if self.widths == len(every) else every
            best = self._widest(_varied(best, place), longest, concerned)
        if _kinds(self.instance, self.instance.limits):
            best = self._widest(_scaled(best, longest), longest, (*every, None))
        found = self._found(best)
        return None if found is None else found[0]

    def _widest(
        self, widths_at: Callable[[int], Widths], most: int, concerned: tuple[int | None, ...]
    ) -> Widths:
        """Return the last of the widths 1, …, `most` that keep some streams' limits, or the first."""

        def keeps(at: int) -> bool:
            found = self._found(widths_at(at))
            return found is not None and all(_keeps(self.instance, found[1], k) for k in concerned)

        low, high = 1, most + 1
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if keeps(middle) else (low, middle)
        beyond = (low + 1 + low * probe // PROBES for probe in range(PROBES, -1, -1))
        return widths_at(next((at for at in beyond if at <= most and keeps(at)), low))

    def _found(self, widths: Widths) -> tuple[Plan, Evaluation] | None:
        if widths not in self.tried:
            try:
                plan = cells_plan(self.instance, self.groups, self.prompt, bucketed(self.groups, widths))
                self.tried[widths] = plan, evaluate(self.instance, plan, self.groups)
            except Uncoverable:
                self.tried[widths] = None
        return self.tried[widths]


def _varied(widths: Widths, place: int) -> Callable[[int], Widths]:
    return lambda width: (*widths[:place], width, *widths[place + 1 :])


def _scaled(widths: Widths, whole: int) -> Callable[[int], Widths]:
    return lambda part: tuple(max(1, width * part // whole) for width in widths)


def _kinds(instance: Instance, limits: Limits) -> set[str]:
    """Return the names of the limits that wider buckets break."""
    names = {limit.name for limit in limits.latency} if instance.latency == "service" else set()
    return names | ({"pad_ratio"} if limits.pad_ratio is not None else set())


def _keeps(instance: Instance, evaluation: Evaluation, stream: int | None) -> bool:
    """Tell whether a plan keeps the limits of a stream, or of all, that widths matter for."""
    chosen = None if stream is None else instance.streams[stream]
    kinds = _kinds(instance, instance.limits if chosen is None else chosen.limits)
    where = "plan" if chosen is None else f"stream {chosen.name}"
    return not any(v.is_structural or (v.where == where and v.kind in kinds) for v in evaluation.violations)
