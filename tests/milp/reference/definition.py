"""What L speaks of: groups, batch types and limit rows, enumerated from an instance."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor

from instances.instance import Instance
from instances.limits import Limits
from instances.shapes import Shape
from tests.milp.reference.numbers import aligned, allowed, decode, prefill, scale_of, whole

Group = tuple[int, int, int]
"""Stream, prompt, gen."""


@dataclass(frozen=True)
class Kind:
    """A batch type."""

    stream: int
    shape: Shape
    prompt: int
    gen: int
    stage: int
    capacity: int

    @property
    def name(self) -> tuple[int, ...]:
        """Its name in certificates."""
        return (self.stream, *self.shape, self.prompt, self.gen, self.stage)


@dataclass(frozen=True)
class Row:
    """A limit row; `limit` is what its kind asks for: a latency or a stage."""

    kind: str
    stream: int | None
    bound: int
    limit: int = 0


class Definition:
    """All of an instance that L speaks of, enumerated from its definition."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self.cost_scale = scale_of(instance.cost.coefficients())
        self.time_scale = scale_of(instance.time.coefficients())
        self.count: dict[Group, int] = {}
        for k, stream in enumerate(instance.streams):
            demand = stream.demand
            for p, g, n in zip(
                demand.prompt.tolist(), demand.gen.tolist(), demand.count.tolist(), strict=True
            ):
                steps = g if instance.runs.gen_at == "batch" else aligned(instance.shapes.gen, g)
                group = (k, aligned(instance.shapes.prompt, p), steps)
                self.count[group] = self.count.get(group, 0) + n
        self.groups = sorted(self.count)
        self.deadlines = self._deadlines()
        self.rows = list(self._rows())
        self.shapes = sorted(self._shapes())
        self.kinds = sorted(self._kinds(), key=lambda kind: kind.name)
        bounds = [len(self.shapes), instance.max_shapes]
        bounds += [len(instance.cost.count.table) - 1] if instance.cost.count.table else []
        self.most = min(bound for bound in bounds if bound is not None)

    def of_stream(self, stream: int) -> list[Group]:
        """Return the groups of a stream."""
        return [group for group in self.groups if group[0] == stream]

    def fits(self, group: Group, kind: Kind) -> bool:
        """Tell whether requests of the group can run in batches of the type."""
        return group[0] == kind.stream and group[1] <= kind.prompt and group[2] <= kind.gen

    def cost(self, kind: Kind) -> tuple[dict[Group, int], int, int]:
        """Return own cost of each group, unit and fixed cost of the type, in cost ticks."""
        work, batch = self.instance.cost.work, self.instance.cost.batch
        decoding = decode(work.decode, self._side(kind), kind.gen)
        own, unit, fixed = self._split(kind, lambda s: prefill(work.prefill, s), decoding)
        in_ticks = {group: whole(value, self.cost_scale) for group, value in own.items()}
        return in_ticks, whole(unit, self.cost_scale), whole(fixed + batch, self.cost_scale)

    def tokens(self, kind: Kind) -> tuple[dict[Group, int], int, int]:
        """Return the padded tokens, split in the same way."""
        own, unit, fixed = self._split(kind, Fraction, Fraction(kind.gen))
        return {group: int(value) for group, value in own.items()}, int(unit), int(fixed)

    def latency(self, kind: Kind, group: Group) -> int:
        """Return the service latency of a request in time ticks, without cold start."""
        return self._lasts(kind, group[1])

    def duration(self, kind: Kind) -> int:
        """Return how long a batch lasts in time ticks, without cold start."""
        return self._lasts(kind, kind.prompt)

    def _lasts(self, kind: Kind, prompt: int) -> int:
        time, rules = self.instance.time, self.instance.runs
        length = prompt if rules.prefill_at == "request" else kind.shape.prompt
        value = prefill(time.work.prefill, length) + decode(time.work.decode, self._side(kind), kind.gen)
        return whole(value + time.batch, self.time_scale)

    def _side(self, kind: Kind) -> int:
        return kind.prompt if self.instance.runs.decode_at == "batch" else kind.shape.prompt

    def _split(
        self, kind: Kind, prefill: Callable[[int], Fraction], decode: Fraction
    ) -> tuple[dict[Group, Fraction], Fraction, Fraction]:
        """Return (own per group, unit, fixed) of a quantity that every slot of a batch pays."""
        rules = self.instance.runs
        at_request, paid = rules.prefill_at == "request", rules.batch_at == "shape"
        slot = prefill(kind.shape.prompt) + decode
        own = {
            group: prefill(group[1]) if at_request else Fraction(0) for group in self.of_stream(kind.stream)
        }
        unit = decode if at_request else slot
        return own, unit - (slot if paid else 0), slot * kind.shape.batch if paid else Fraction(0)

    def _all_limits(self) -> Iterator[tuple[int | None, Limits]]:
        for k, stream in enumerate(self.instance.streams):
            yield k, stream.limits
        yield None, self.instance.limits

    def _deadlines(self) -> list[int]:
        if self.instance.latency == "service":
            return []
        found = {
            floor(one.most * self.time_scale) for _, limits in self._all_limits() for one in limits.latency
        }
        return sorted(found)

    def _rows(self) -> Iterator[Row]:
        for k, limits in self._all_limits():
            streams = [s for j, s in enumerate(self.instance.streams) if k in (None, j)]
            lengths = [
                (p + g, n)
                for s in streams
                for p, g, n in zip(
                    s.demand.prompt.tolist(), s.demand.gen.tolist(), s.demand.count.tolist(), strict=True
                )
            ]
            real, requests = sum(length * n for length, n in lengths), sum(n for _, n in lengths)
            if limits.cost is not None:
                yield Row("cost", k, floor(limits.cost * self.cost_scale))
            if limits.pad_ratio is not None and self.instance.pad_over == "real":
                yield Row("tokens", k, floor(real * (1 + limits.pad_ratio)))
            elif limits.pad_ratio is not None and limits.pad_ratio < 1:
                yield Row("tokens", k, floor(real / (1 - limits.pad_ratio)))
            if limits.total_time is not None:
                yield Row("total_time", k, floor(limits.total_time * self.time_scale))
            for one in sorted(limits.latency, key=lambda one: (one.most, one.quantile)):
                most = floor(one.most * self.time_scale)
                if self.instance.latency == "service":
                    yield Row("latency", k, -ceil(one.quantile * requests), most)
                else:
                    yield Row("served", k, -ceil(one.quantile * requests), self.deadlines.index(most))
        for stage, deadline in enumerate(self.deadlines):
            yield Row("work", None, self.instance.workers * deadline, stage)

    def _shapes(self) -> Iterator[Shape]:
        space, rules = self.instance.shapes, self.instance.runs
        lengths = [(p, g if space.gen is None else aligned(space.gen, g)) for _, p, g in self.groups]
        if space.gen is not None:
            corners = {
                (p, g)
                for p, _ in lengths
                for _, g in lengths
                if any(q == p and h <= g for q, h in lengths) and any(h == g and q <= p for q, h in lengths)
            }
        elif rules.prefill_at == "request" and rules.decode_at == "batch" and space.batch is None:
            streams = {k for k, _, _ in self.groups}
            corners = {(max(p for _, p, _ in self.of_stream(k)), 0) for k in streams}
        else:
            corners = {(p, 0) for p, _ in lengths}
        for p, g in corners:
            if not allowed(space.prompt, p) or (space.gen is not None and not allowed(space.gen, g)):
                continue
            for b in (0,) if space.batch is None else space.batch.values:
                yield Shape(p, g, b)

    def _kinds(self) -> Iterator[Kind]:
        for k in range(len(self.instance.streams)):
            for shape in self.shapes:
                for prompt, gen in self._bounds(k, shape):
                    for stage in range(len(self.deadlines) + 1):
                        kind = Kind(k, shape, prompt, gen, stage, self._capacity(k, shape, prompt, gen))
                        late = stage < len(self.deadlines) and self.duration(kind) > self.deadlines[stage]
                        if kind.capacity > 0 and not late:
                            yield kind

    def _bounds(self, stream: int, shape: Shape) -> set[tuple[int, int]]:
        """Return the (prompt bound, gen bound) that types of a stream and a shape have."""
        rules, space = self.instance.runs, self.instance.shapes
        mine = self.of_stream(stream)
        timed = self.instance.latency == "completion" or any(
            limits.total_time is not None for _, limits in self._all_limits()
        )
        own_prompt = rules.decode_at == "batch" or (rules.prefill_at == "request" and timed)
        own_gen = rules.gen_at == "batch"
        found = set()
        for _, prompt, _ in mine if own_prompt else [(stream, shape.prompt, 0)]:
            for _, _, gen in mine if own_gen else [(stream, 0, shape.gen)]:
                if prompt > shape.prompt or (space.gen is not None and aligned(space.gen, gen) > shape.gen):
                    continue
                inside = [(p, g) for _, p, g in mine if p <= prompt and g <= gen]
                if own_prompt and all(p != prompt for p, _ in inside):
                    continue
                if own_gen and all(g != gen for _, g in inside):
                    continue
                if inside:
                    found.add((prompt, gen))
        return found

    def _capacity(self, stream: int, shape: Shape, prompt: int, gen: int) -> int:
        limits = (self.instance.streams[stream].limits, self.instance.limits)
        bounds = [sum(self.count[group] for group in self.of_stream(stream))]
        bounds += [limit.max_batch_size for limit in limits if limit.max_batch_size is not None]
        bounds += [shape.batch] if self.instance.shapes.batch is not None else []
        tokens = (prompt if self.instance.runs.decode_at == "batch" else shape.prompt) + gen
        for limit in limits:
            if limit.max_batch_tokens is None:
                continue
            if self.instance.runs.batch_at == "actual":
                bounds.append(limit.max_batch_tokens // tokens)
            elif shape.batch * tokens > limit.max_batch_tokens:
                bounds.append(0)
        return min(bounds)
