"""What pools add to everything that is limited, and how good a plan with other sums would be.

Sums are kept for one plan, and moves are judged by what they add or take away: floats that only choose among
moves, since each plan that a search accepts has been evaluated exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from heuristics.greedy.market import types_of
from heuristics.local_search.pools import Pools
from heuristics.room import shape_is_free
from instances.instance import Instance
from instances.limits import Limits
from instances.metrics import Evaluation, Metrics
from instances.shapes import Shape

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

COST, TOKENS, TIME, LATE = range(4)
"""Columns of sums: cost units, padded tokens, milliseconds, then requests later than each threshold."""


@dataclass(frozen=True)
class Row:
    """A limit: the streams that it concerns, its column, what is allowed and what there is."""

    stream: int | None
    column: int
    most: float
    value: float


class Ledger:
    """The sums of a plan, its limits, and the price of shapes.

    Parameters
    ----------
    instance
        The problem.
    evaluation, pools
        The plan's exact metrics, and its pools.
    """

    def __init__(self, instance: Instance, evaluation: Evaluation, pools: Pools) -> None:
        self.instance = instance
        self.free = shape_is_free(instance)
        limits = (instance.limits, *(stream.limits for stream in instance.streams))
        late = {float(limit.most) for each in limits for limit in each.latency}
        self.thresholds = sorted(late) if instance.latency == "service" else []
        self.current = self.sums(pools.stream, pools.shape, pools.longest, pools.requests)
        assert evaluation.total is not None
        self.rows: list[Row] = []
        for k, (stream, metrics) in enumerate(zip(instance.streams, evaluation.streams, strict=True)):
            self.rows += self._rows(k, stream.limits, metrics, self.current[pools.stream == k])
        self.rows += self._rows(None, instance.limits, evaluation.total, self.current)
        self.cost = float(evaluation.total.cost)
        nothing = np.zeros((1, self.current.shape[1] + 1))
        self.over = float(self.judged(nothing, np.zeros(1, dtype=np.int64))[0][0])

    def _rows(self, stream: int | None, limits: Limits, metrics: Metrics, current: Floats) -> list[Row]:
        instance = self.instance
        chosen = instance.streams if stream is None else (instance.streams[stream],)
        real = sum(s.demand.real_tokens for s in chosen)

        def tokens(ratio: Fraction) -> float:
            whole = 1 + ratio if instance.pad_over == "real" else 1 / max(1 - ratio, Fraction(1, 10**9))
            return float(real * whole)

        rows = []
        if limits.cost is not None:
            rows.append(Row(stream, COST, float(limits.cost), float(metrics.cost)))
        if limits.pad_ratio is not None:
            rows.append(Row(stream, TOKENS, tokens(limits.pad_ratio), tokens(metrics.pad_ratio)))
        if limits.total_time is not None:
            rows.append(Row(stream, TIME, float(limits.total_time), float(metrics.total_time)))
        if instance.latency == "completion" and limits.latency:
            # Batches end sooner if all together take less.
            rows += [
                Row(stream, TIME, float(limit.most), float(metrics.latency[limit.name]))
                for limit in limits.latency
            ]
            return rows
        for limit in limits.latency:
            allowed = metrics.requests - limit.rank(metrics.requests)
            missed = metrics.latency[limit.name] > limit.most
            column = LATE + self.thresholds.index(float(limit.most))
            # A pool counts as late as its slowest request; which side of the limit it is on is known.
            late = float(current[:, column].sum())
            late = max(late, allowed + 1.0) if missed else min(late, float(allowed))
            rows.append(Row(stream, column, float(allowed), late))
        return rows

    def sums(self, stream: Ints, shape: Ints, longest: Ints, requests: Ints) -> Floats:
        """Return what pools add: float64, shape (pools, columns), infinite where there is no room.

        Parameters
        ----------
        stream, shape, longest, requests
            As in `Pools`.
        """
        sums = np.zeros((len(stream), LATE + len(self.thresholds)))
        steps = longest[:, 1] if self.instance.runs.gen_at == "batch" else shape[:, 1]
        rows = np.column_stack([shape, longest[:, 0], steps])
        for k in range(len(self.instance.streams)):
            # A pool that has lost all its requests adds nothing, and has no lengths to run at.
            mine = np.flatnonzero((stream == k) & (requests > 0))
            types = types_of(self.instance, k, rows[mine], np.zeros(len(mine), dtype=np.int64))
            number = requests[mine].astype(np.float64)
            batches = np.ceil(number / np.maximum(types.room, 1))
            sums[mine, COST] = number * types.unit_cost + batches * types.fixed_cost
            sums[mine, TOKENS] = number * types.unit_tokens + batches * types.fixed_tokens
            sums[mine, TIME] = batches * types.time
            for at, most in enumerate(self.thresholds):
                sums[mine, LATE + at] = number * (types.time > most)
            sums[mine[types.room < 1]] = np.inf
        return sums

    def opening(self, shape: Ints) -> Floats:
        """Return the compile cost of shapes, in cost units: float64, shape (k,)."""
        if self.free:
            return np.zeros(len(shape))
        scale, cost = self.instance.cost_scale, self.instance.cost
        return np.asarray([cost.compile_ticks(Shape(*row), scale) / scale for row in shape.tolist()])

    def count(self, shapes: int) -> float:
        """Return the cost of a number of shapes, in cost units; infinite if it is not allowed."""
        limit = self.instance.shape_limit
        if self.free:
            return 0.0
        if limit is not None and shapes > limit:
            return np.inf
        return self.instance.cost.count.ticks(shapes, self.instance.cost_scale) / self.instance.cost_scale

    def judged(self, change: Floats, stream: Ints) -> tuple[Floats, Floats]:
        """Return by how much limits would be missed, relative to each, and the cost.

        Parameters
        ----------
        change
            Shape (moves, columns + 1): what is added to the sums, the last column to the cost of shapes.
        stream
            int64, shape (moves,): the stream concerned; −1 if the sums of several streams change.
        """
        over = np.zeros(len(change))
        for row in self.rows:
            mine = True if row.stream is None else (stream == row.stream) | (stream < 0)
            added = change[:, row.column] + (change[:, -1] if row.column == COST else 0.0)
            excess = row.value + np.where(mine, added, 0.0) - row.most
            over += np.maximum(excess, 0.0) / (row.most or 1.0)
        return over, self.cost + change[:, COST] + change[:, -1]
