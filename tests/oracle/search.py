"""The optimum by trying every plan, cut off only where the sums so far rule a plan out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from itertools import takewhile

from instances.instance import Instance
from instances.plan import Plan
from instances.shapes import Shape
from tests.oracle.arrange import Deadline, arrange, deadlines_of, queue_fits, surely_late
from tests.oracle.definition import Batch, broken, compile_cost, count_cost, measure, violated
from tests.oracle.options import Counts, Option, options_of, rows_of, scales, whole
from tests.oracle.plans import to_plan


@dataclass(frozen=True)
class Best:
    """The least cost of any plan that meets every limit, and such a plan."""

    cost: Fraction
    plan: Plan
    batches: list[Batch]


def best_plan(instance: Instance, extra: int = 0) -> Best | None:
    """Return the optimum of a tiny instance; None if no plan meets its limits.

    Parameters
    ----------
    instance
        At most about seven requests.
    extra
        Sizes to try beyond the first that holds every length (they change nothing).
    """
    search = _Search(instance, extra)
    search.extend([])
    if search.best is None:
        return None
    streams, total = measure(instance, search.best)
    assert not broken(instance, search.best)
    assert not violated(instance.limits, total)
    for stream, measured in zip(instance.streams, streams, strict=True):
        assert not violated(stream.limits, measured)
    assert total.cost == Fraction(search.cost or 0, scales(instance)[0])
    return Best(total.cost, to_plan(instance, search.best), search.best)


class _Search:
    """Depth first over multisets of batches.

    Every plan is met once: the next batch always holds a request of the first row that is not served yet,
    and batches for the same such row come in the order of a fixed list.
    """

    def __init__(self, instance: Instance, extra: int) -> None:
        self.instance = instance
        self.streams = range(len(instance.streams))
        self.counts = [rows_of(instance, k)[1] for k in self.streams]
        self.real = [
            sum((p + g) * n for (p, g), n in zip(*rows_of(instance, k), strict=True)) for k in self.streams
        ]
        self.cost_scale, self.time_scale = scales(instance)
        self.deadlines = deadlines_of(instance)
        self.options: list[dict[int, list[Option]]] = []
        self.floors: list[list[Callable[[Counts], int | None]]] = []
        for k in self.streams:
            options = options_of(instance, k, extra)
            options.sort(key=lambda option: (Fraction(option.cost, option.size), option.shape, option.held))
            by_row: dict[int, list[Option]] = {}
            for option in options:
                by_row.setdefault(option.rows[0], []).append(option)
            self.options.append(by_row)
            self.floors.append(
                [
                    _floor(by_row, lambda option: option.cost),
                    _floor(by_row, lambda option: option.tokens),
                    _floor(by_row, lambda option: option.duration),
                    *(_floor(by_row, self._lateness(deadline)) for deadline in self.deadlines),
                ]
            )
        self.compiled: dict[Shape, int] = {}
        self.cost: int | None = None
        self.best: list[Batch] | None = None

    def extend(self, chosen: list[Option], position: int = 0) -> None:
        """Try every way to serve what `chosen` leaves; `position` is that of the last batch in its list."""
        left = [self._left(k, chosen) for k in self.streams]
        if not self._hopeful(chosen, left):
            return
        stream = next((k for k in self.streams if any(left[k])), None)
        if stream is None:
            batches = arrange(self.instance, chosen)
            if batches is not None:
                self.best, self.cost = batches, self._total_cost(chosen, [0 for _ in self.streams])
            return
        row = _first(left[stream])
        same = bool(chosen) and chosen[-1].stream == stream and chosen[-1].rows[0] == row
        options = self.options[stream].get(row, [])
        for index in range(position if same else 0, len(options)):
            if _fits(options[index].held, left[stream]):
                self.extend([*chosen, options[index]], index)

    def _left(self, stream: int, chosen: list[Option]) -> Counts:
        held = [option.held for option in chosen if option.stream == stream]
        return tuple(n - sum(served) for n, *served in zip(self.counts[stream], *held, strict=True))

    def _hopeful(self, chosen: list[Option], left: list[Counts]) -> bool:
        """Tell whether the least that any completion must add leaves all limits and the best cost in reach.

        No term of a cost, token or time sum is negative and the count cost never falls, so sums only grow.
        """
        rest = [[floor(left[k]) for floor in self.floors[k]] for k in self.streams]
        if any(value is None for values in rest for value in values):
            return False
        costs, tokens, times = ([values[i] or 0 for values in rest] for i in range(3))
        shapes = {option.shape for option in chosen}
        instance = self.instance
        bounds = [
            instance.max_shapes,
            len(instance.cost.count.table) - 1 if instance.cost.count.table else None,
        ]
        if any(most is not None and len(shapes) > most for most in bounds):
            return False
        if self.cost is not None and self._total_cost(chosen, costs) >= self.cost:
            return False
        for k in self.streams:
            mine = [option for option in chosen if option.stream == k]
            if not self._within(
                k, self._stream_cost(k, mine) + costs[k], mine, tokens[k], times[k], self.real[k]
            ):
                return False
        total = self._total_cost(chosen, costs)
        if not self._within(None, total, chosen, sum(tokens), sum(times), sum(self.real)):
            return False
        for number, deadline in enumerate(self.deadlines):
            late = sum(values[3 + number] or 0 for values in rest)
            if late + sum(map(self._lateness(deadline), chosen)) > deadline.spare:
                return False
        return queue_fits(instance, chosen, self.deadlines)

    def _lateness(self, deadline: Deadline) -> Callable[[Option], int]:
        return lambda option: surely_late(self.instance, option, deadline)

    def _within(
        self, stream: int | None, cost: int, chosen: list[Option], tokens: int, times: int, real: int
    ) -> bool:
        limits = self.instance.limits if stream is None else self.instance.streams[stream].limits
        if limits.cost is not None and cost > limits.cost * self.cost_scale:
            return False
        if limits.pad_ratio is not None:
            padded = tokens + sum(option.tokens for option in chosen)
            over = real if self.instance.pad_over == "real" else padded
            if Fraction(padded - real, over) > limits.pad_ratio:
                return False
        if limits.batches is not None and len(chosen) > limits.batches:
            return False
        if limits.total_time is None:
            return True
        return times + sum(option.duration for option in chosen) <= limits.total_time * self.time_scale

    def _stream_cost(self, stream: int, mine: list[Option]) -> int:
        work = sum(option.cost for option in mine)
        if self.instance.cost.compile_per != "stream":
            return work
        return work + sum(self._compile(shape) for shape in {option.shape for option in mine})

    def _total_cost(self, chosen: list[Option], rest: list[int]) -> int:
        cost = self.instance.cost
        shapes = {option.shape for option in chosen}
        total = sum(rest) + whole(cost.base + count_cost(cost.count, len(shapes)), self.cost_scale)
        if cost.compile_per == "stream":
            for k in self.streams:
                total += self._stream_cost(k, [option for option in chosen if option.stream == k])
            return total
        return total + sum(option.cost for option in chosen) + sum(self._compile(shape) for shape in shapes)

    def _compile(self, shape: Shape) -> int:
        if shape not in self.compiled:
            self.compiled[shape] = whole(compile_cost(self.instance.cost, shape), self.cost_scale)
        return self.compiled[shape]


def _floor(
    options: dict[int, list[Option]], value: Callable[[Option], int]
) -> Callable[[Counts], int | None]:
    """Return the least sum of `value` over batches that serve given counts, all else ignored."""
    cheapest: dict[int, dict[Counts, int]] = {}
    for row, mine in options.items():
        for option in mine:
            best = cheapest.setdefault(row, {})
            best[option.held] = min(best.get(option.held, value(option)), value(option))

    @cache
    def floor(left: Counts) -> int | None:
        if not any(left):
            return 0
        sums = []
        for held, amount in cheapest.get(_first(left), {}).items():
            if _fits(held, left):
                rest = floor(tuple(n - h for n, h in zip(left, held, strict=True)))
                if rest is not None:
                    sums.append(amount + rest)
        return min(sums, default=None)

    return floor


def _fits(held: Counts, left: Counts) -> bool:
    return all(h <= n for h, n in zip(held, left, strict=True))


def _first(left: Counts) -> int:
    return len(list(takewhile(lambda n: n == 0, left)))
