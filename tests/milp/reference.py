"""L(α, μ, κ) as docs/certificate.md writes it, slowly: plain loops over ints and Fractions, every x tried.

Nothing of the package is used but the instance as data and the prices, whose columns are read as lists.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import combinations, product
from math import ceil, floor, lcm

from instances.instance import Instance
from instances.limits import Limits
from instances.shapes import Shape, Sizes
from milp.lagrangian.prices import Prices

Range = tuple[int, int | None]
Group = tuple[int, int, int]
"""Stream, prompt, gen."""

FREE: Range = (0, None)
SUBSETS = 6
"""Shapes up to which all subsets are tried, not only the N smallest values."""


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


@dataclass(frozen=True)
class NamedBox:
    """A node's bounds by name: of shapes, batch types, and (type, group) pairs."""

    shapes: Range = FREE
    opened: frozenset[Shape] = frozenset()
    closed: frozenset[Shape] = frozenset()
    batches: dict[tuple[int, ...], Range] = field(default_factory=dict)
    requests: dict[tuple[tuple[int, ...], Group], Range] = field(default_factory=dict)

    def forces(self, name: tuple[int, ...]) -> bool:
        """Tell whether batches of the type must be run."""
        some = any(kind == name and low > 0 for (kind, _), (low, _) in self.requests.items())
        return some or self.batches.get(name, FREE)[0] > 0


class Reference:
    """All of an instance that L speaks of, enumerated from its definition."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self.cost_scale = _scale(instance.cost.coefficients())
        self.time_scale = _scale(instance.time.coefficients())
        self.count: dict[Group, int] = {}
        for k, stream in enumerate(instance.streams):
            demand = stream.demand
            for p, g, n in zip(
                demand.prompt.tolist(), demand.gen.tolist(), demand.count.tolist(), strict=True
            ):
                steps = g if instance.runs.gen_at == "batch" else _aligned(instance.shapes.gen, g)
                group = (k, _aligned(instance.shapes.prompt, p), steps)
                self.count[group] = self.count.get(group, 0) + n
        self.groups = sorted(self.count)
        self.deadlines = self._deadlines()
        self.rows = list(self._rows())
        self.shapes = sorted(self._shapes())
        self.kinds = sorted(self._kinds(), key=lambda kind: kind.name)
        bounds = [len(self.shapes), instance.max_shapes]
        bounds += [len(instance.cost.count.table) - 1] if instance.cost.count.table else []
        self.most = min(bound for bound in bounds if bound is not None)

    def bound(self, prices: Prices, box: NamedBox) -> int | None:
        """Return the numerator of L in cost ticks over the prices' denominator; None if the box is empty."""
        return _Evaluation(self, prices, box).value()

    def of_stream(self, stream: int) -> list[Group]:
        """Return the groups of a stream."""
        return [group for group in self.groups if group[0] == stream]

    def fits(self, group: Group, kind: Kind) -> bool:
        """Tell whether requests of the group can run in batches of the type."""
        return group[0] == kind.stream and group[1] <= kind.prompt and group[2] <= kind.gen

    def cost(self, kind: Kind) -> tuple[dict[Group, int], int, int]:
        """Return own cost of each group, unit and fixed cost of the type, in cost ticks."""
        work, batch = self.instance.cost.work, self.instance.cost.batch
        decode = _decode(work.decode, self._side(kind), kind.gen)
        own, unit, fixed = self._split(kind, lambda s: _prefill(work.prefill, s), decode)
        whole = {group: _whole(value, self.cost_scale) for group, value in own.items()}
        return whole, _whole(unit, self.cost_scale), _whole(fixed + batch, self.cost_scale)

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
        value = _prefill(time.work.prefill, length) + _decode(time.work.decode, self._side(kind), kind.gen)
        return _whole(value + time.batch, self.time_scale)

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
        lengths = [(p, g if space.gen is None else _aligned(space.gen, g)) for _, p, g in self.groups]
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
            if not _allowed(space.prompt, p) or (space.gen is not None and not _allowed(space.gen, g)):
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
                if prompt > shape.prompt or (space.gen is not None and _aligned(space.gen, gen) > shape.gen):
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


class _Evaluation:
    """One evaluation of L; every number is over the prices' denominator d."""

    def __init__(self, reference: Reference, prices: Prices, box: NamedBox) -> None:
        self.reference, self.box = reference, box
        self.instance = reference.instance
        self.fine = prices.fineness
        self.whole = prices.objective * prices.denominator * prices.fineness
        self.alpha = dict(zip(reference.groups, prices.group.tolist(), strict=True))
        self.mu = list(zip(reference.rows, prices.limit.tolist(), strict=True))
        self.cold = prices.cold
        self.kappa: dict[tuple[Group, Shape], int] = {}
        links = zip(prices.link_group.tolist(), prices.link_shape.tolist(), prices.link.tolist(), strict=True)
        for group, shape, price in links:
            self.kappa[reference.groups[group], reference.shapes[shape]] = price
        self.unit: dict[tuple[Kind, Group], int] = {}
        self.fixed: dict[Kind, int] = {}
        self.found: dict[Kind, int | None] = {}
        for kind in reference.kinds:
            self._price(kind)

    def value(self) -> int | None:
        reference, box = self.reference, self.box
        must = {kind.shape for kind in reference.kinds if box.forces(kind.name)} | box.opened
        if must & box.closed or any(self.tau(k) is None for k in reference.kinds if box.forces(k.name)):
            return None
        sigma = {shape: self.sigma(shape) for shape in reference.shapes if shape not in box.closed}
        free = sorted((value, shape) for shape, value in sigma.items() if shape not in must)
        totals = []
        for number in range(len(reference.shapes) + 1):
            extra = number - len(must)
            high = reference.most if box.shapes[1] is None else min(reference.most, box.shapes[1])
            if not 0 <= extra <= len(free) or not box.shapes[0] <= number <= high:
                continue
            picks = combinations(free, extra) if len(free) <= SUBSETS else [tuple(free[:extra])]
            least = min(sum(value for value, _ in pick) for pick in picks)
            totals.append(
                sum(sigma[s] for s in must) + least + self._floored(self.weight_all, self._count(number))
            )
        if not totals:
            return None
        base = _whole(self.instance.cost.base, reference.cost_scale) * self.weight_all
        constant = (base - sum(price * row.bound for row, price in self.mu)) // self.fine
        served = sum(n * self.alpha[group] for group, n in reference.count.items())
        return served + constant + min(totals)

    def sigma(self, shape: Shape) -> int:
        """Return σ of a shape: at least one stream uses it, and every stream that must."""
        parts = {k: self.part(shape, k) for k in range(len(self.instance.streams))}
        kinds = [kind for kind in self.reference.kinds if kind.shape == shape and self.box.forces(kind.name)]
        must = {kind.stream for kind in kinds}
        choices = [
            sum(parts[k] for k in users)
            for size in range(1, len(parts) + 1)
            for users in combinations(parts, size)
            if must <= set(users)
        ]
        once = self.instance.cost.compile_per == "once"
        return min(choices) + (self._floored(self.weight_all, self._opening(shape)) if once else 0)

    def part(self, shape: Shape, stream: int) -> int:
        """Return what a stream's use of a shape adds."""
        kinds = [kind for kind in self.reference.kinds if (kind.stream, kind.shape) == (stream, shape)]
        total = 0
        if self.instance.cost.compile_per == "stream":
            total += self._floored(self._cost_weight(stream), self._opening(shape))
        for (group, where), price in self.kappa.items():
            if group[0] == stream and where == shape:
                total -= price * self.reference.count[group]
        total += self.chain(kinds) if self.chained(kinds) else self.apart(kinds)
        chi = [value for kind in kinds if (value := self.chi(kind)) is not None] if self.cold else []
        return total + min(chi, default=0)

    def apart(self, kinds: list[Kind]) -> int:
        """Return what types are worth, each by itself."""
        total = 0
        for kind in kinds:
            tau = self.tau(kind)
            if self.box.forces(kind.name):
                assert tau is not None
                total += tau
            elif tau is not None:
                total += min(0, tau)
        return total

    def chained(self, kinds: list[Kind]) -> bool:
        """Tell whether the types of a stream in a shape form a chain, none of which the box bounds."""
        names = {kind.name for kind in kinds}
        bounded = names & ({*self.box.batches} | {name for name, _ in self.box.requests})
        requests = sum(
            n for group, n in self.reference.count.items() if kinds and group[0] == kinds[0].stream
        )
        roomy = all(kind.capacity >= requests for kind in kinds)
        alike = len({kind.prompt for kind in kinds}) == 1
        return not self.reference.deadlines and roomy and alike and not bounded

    def chain(self, kinds: list[Kind]) -> int:
        """Return the least over all sets of types, each request in the best of the set, if in any."""
        best = 0
        for size in range(1, len(kinds) + 1):
            for chosen in combinations(kinds, size):
                value = sum(self.fixed[kind] for kind in chosen)
                for group, n in self.reference.count.items():
                    costs = [self.unit[k, group] for k in chosen if self.reference.fits(group, k)]
                    value += n * min(0, *costs) if costs else 0
                best = min(best, value)
        return best

    def tau(self, kind: Kind) -> int | None:
        """Return the least of Σ w x + F z over all x and z ≥ 1 of the type, every x tried."""
        if kind not in self.found:
            self.found[kind] = self._least(kind)
        return self.found[kind]

    def _least(self, kind: Kind) -> int | None:
        groups = [group for group in self.reference.groups if self.reference.fits(group, kind)]
        low, high = self.box.batches.get(kind.name, FREE)
        ranges = []
        for group in groups:
            least, most = self.box.requests.get((kind.name, group), FREE)
            count = self.reference.count[group]
            ranges.append(range(least, (count if most is None else min(most, count)) + 1))
        values = []
        for amounts in product(*ranges):
            number = max(1, low, -(-sum(amounts) // kind.capacity))
            if high is None or number <= high:
                cost = sum(self.unit[kind, g] * n for g, n in zip(groups, amounts, strict=True))
                values.append(cost + self.fixed[kind] * number)
        return min(values, default=None)

    def chi(self, kind: Kind) -> int | None:
        """Return the least that a cold start in this type adds to what is counted already."""
        tau = self.tau(kind)
        if tau is None:
            return None
        extras = []
        for group in self.reference.groups:
            if self.reference.fits(group, kind):
                least = self.box.requests.get((kind.name, group), FREE)[0]
                extras.append(self._rho(kind, group) + (max(0, self.unit[kind, group]) if least <= 0 else 0))
        if not extras:
            return None
        return min(extras) + (0 if self.box.forces(kind.name) else max(0, tau))

    def _rho(self, kind: Kind, group: Group) -> int:
        cold = _whole(self.instance.time.cold_start, self.reference.time_scale)
        latency = self.reference.latency(kind, group)
        longer = max(0, latency + cold - self.reference.duration(kind))
        total = self._floored(self._time_weight(kind), longer)
        for row, price in self.mu:
            if (
                row.kind == "latency"
                and row.stream in (None, kind.stream)
                and latency <= row.limit < latency + cold
            ):
                total -= -price // self.fine
        return total

    def _price(self, kind: Kind) -> None:
        reference, k = self.reference, kind.stream
        own_cost, unit_cost, fixed_cost = reference.cost(kind)
        own_tokens, unit_tokens, fixed_tokens = reference.tokens(kind)
        cost, tokens = self._cost_weight(k), self._sum("tokens", k)
        served = sum(
            price
            for row, price in self.mu
            if row.kind == "served" and row.stream in (None, k) and kind.stage <= row.limit
        )
        for group in reference.groups:
            if not reference.fits(group, kind):
                continue
            value = self._floored(cost, own_cost[group]) + self._floored(cost, unit_cost)
            value += self._floored(tokens, own_tokens[group]) + self._floored(tokens, unit_tokens)
            value += self.kappa.get((group, kind.shape), 0) - self.alpha[group] + -served // self.fine
            latency = reference.latency(kind, group)
            for row, price in self.mu:
                if row.kind == "latency" and row.stream in (None, k) and latency <= row.limit:
                    value += -price // self.fine
            self.unit[kind, group] = value
        self.fixed[kind] = (
            self._floored(cost, fixed_cost)
            + self._floored(tokens, fixed_tokens)
            + self._floored(self._time_weight(kind), reference.duration(kind))
        )

    def _floored(self, weight: int, value: int) -> int:
        return weight * value // self.fine

    def _sum(self, name: str, stream: int) -> int:
        return sum(price for row, price in self.mu if row.kind == name and row.stream in (None, stream))

    def _cost_weight(self, stream: int) -> int:
        return self.whole + self._sum("cost", stream)

    @property
    def weight_all(self) -> int:
        """Weight of a cost that belongs to no stream."""
        return self.whole + sum(price for row, price in self.mu if (row.kind, row.stream) == ("cost", None))

    def _time_weight(self, kind: Kind) -> int:
        work = sum(price for row, price in self.mu if row.kind == "work" and kind.stage <= row.limit)
        return self._sum("total_time", kind.stream) + work

    def _opening(self, shape: Shape) -> int:
        terms = self.instance.cost.compile
        powers = [
            t.coefficient * shape.prompt**t.prompt * shape.gen**t.gen * shape.batch**t.batch for t in terms
        ]
        return _whole(sum(powers, Fraction(0)), self.reference.cost_scale)

    def _count(self, number: int) -> int:
        count = self.instance.cost.count
        value = count.table[number] if count.table else count.quadratic * number**2
        return _whole(value, self.reference.cost_scale)


def _aligned(sizes: Sizes | None, length: int) -> int:
    assert sizes is not None
    if sizes.granularity is not None:
        while length % sizes.granularity:
            length += 1
        return length
    return min((size for size in sizes.values if size >= length), default=length)


def _allowed(sizes: Sizes, size: int) -> bool:
    return size in sizes.values if sizes.granularity is None else size % sizes.granularity == 0


def _prefill(powers: tuple[Fraction, Fraction, Fraction], length: int) -> Fraction:
    return powers[0] * length**2 + powers[1] * length + powers[2]


def _decode(powers: tuple[Fraction, Fraction, Fraction], side: int, steps: int) -> Fraction:
    return sum((_prefill(powers, side + step) for step in range(steps)), Fraction(0))


def _scale(coefficients: Iterator[Fraction]) -> int:
    return lcm(1, *(value.denominator for value in coefficients))


def _whole(value: Fraction, scale: int) -> int:
    product_ = value * scale
    assert product_.denominator == 1
    return product_.numerator
