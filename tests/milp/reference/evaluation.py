"""One evaluation of L, as the document writes it."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations, product

from instances.shapes import Shape
from milp.lagrangian.prices import Prices
from tests.milp.reference.box import FREE, NamedBox
from tests.milp.reference.definition import Definition, Group, Kind
from tests.milp.reference.numbers import whole

SUBSETS = 6
"""Shapes up to which all subsets are tried, not only the N smallest values."""


class Evaluation:
    """One evaluation of L; every number is over the prices' denominator d."""

    def __init__(
        self,
        reference: Definition,
        prices: Prices,
        box: NamedBox,
        gone: frozenset[tuple[Kind, Group]] = frozenset(),
    ) -> None:
        self.reference, self.box, self.gone = reference, box, gone
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
        """Return L; None if it is infinite."""
        reference, box = self.reference, self.box
        must = {kind.shape for kind in reference.kinds if box.forces(kind.name)} | box.opened
        if must & box.closed or any(self.tau(k) is None for k in reference.kinds if box.forces(k.name)):
            return None
        every = {shape: self.sigma(shape) for shape in reference.shapes if shape not in box.closed}
        sigma = {shape: value for shape, value in every.items() if value is not None}
        if must - set(sigma):
            return None
        free = sorted((value, shape) for shape, value in sigma.items() if shape not in must)
        totals = []
        for number in range(len(reference.shapes) + 1):
            extra = number - len(must)
            high = reference.most if box.shapes[1] is None else min(reference.most, box.shapes[1])
            if not 0 <= extra <= len(free) or not box.shapes[0] <= number <= high:
                continue
            picks = combinations(free, extra) if len(free) <= SUBSETS else [tuple(free[:extra])]
            least = min(sum(value for value, _ in pick) for pick in picks)
            totals.append(sum(sigma[s] for s in must) + least + self.counted(number))
        if not totals:
            return None
        base = whole(self.instance.cost.base, reference.cost_scale) * self.weight_all
        constant = (base - sum(price * row.bound for row, price in self.mu)) // self.fine
        served = sum(n * self.alpha[group] for group, n in reference.count.items())
        return served + constant + min(totals)

    def counted(self, number: int) -> int:
        """Return the priced cost of a number of shapes."""
        return self._floored(self.weight_all, self._count(number))

    def sigma(self, shape: Shape) -> int | None:
        """Return σ of a shape: at least one stream uses it, and every stream that must; None if none can."""
        every = {k: self.part(shape, k) for k in range(len(self.instance.streams))}
        parts = {k: value for k, value in every.items() if value is not None}
        kinds = [kind for kind in self.reference.kinds if kind.shape == shape and self.box.forces(kind.name)]
        must = {kind.stream for kind in kinds}
        choices = [
            sum(parts[k] for k in users)
            for size in range(1, len(parts) + 1)
            for users in combinations(parts, size)
            if must <= set(users)
        ]
        once = self.instance.cost.compile_per == "once"
        if not choices:
            return None
        return min(choices) + (self._floored(self.weight_all, self._opening(shape)) if once else 0)

    def part(self, shape: Shape, stream: int) -> int | None:
        """Return what a stream's use of a shape adds; None if it cannot use it.

        The bounds of the branch may leave it nothing to run there, or its cold start no place.
        """
        kinds = [kind for kind in self.reference.kinds if (kind.stream, kind.shape) == (stream, shape)]
        bounded = self.bounded_names()
        if kinds and all(kind.name in bounded and self.tau(kind) is None for kind in kinds):
            return None
        total = 0
        if self.instance.cost.compile_per == "stream":
            total += self._floored(self._cost_weight(stream), self._opening(shape))
        for (group, where), price in self.kappa.items():
            if group[0] == stream and where == shape:
                total -= price * self.reference.count[group]
        total += self.together(kinds) if self.chained(kinds) else self.apart(kinds)
        if not self.cold:
            return total
        chi = [value for kind in kinds if (value := self.chi(kind)) is not None]
        return total + min(chi) if chi else None

    def together(self, kinds: list[Kind]) -> int:
        """Return what the types of a chain are worth."""
        if not self.gone:
            return self.chain(kinds)
        kept = [kind for kind in kinds if (tau := self.tau(kind)) is not None and tau < 0]
        return max(self.apart(kinds), self.chain(kept))

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

    def bounded_names(self) -> set[tuple[int, ...]]:
        """Return the names of the types that the box bounds."""
        return {*self.box.batches} | {name for name, _ in self.box.requests}

    def chained(self, kinds: list[Kind]) -> bool:
        """Tell whether the types of a stream in a shape form a chain, none of which the box bounds."""
        bounded = {kind.name for kind in kinds} & self.bounded_names()
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
            count = 0 if (kind, group) in self.gone else self.reference.count[group]
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
            if self.reference.fits(group, kind) and (kind, group) not in self.gone:
                least = self.box.requests.get((kind.name, group), FREE)[0]
                extras.append(self._rho(kind, group) + (max(0, self.unit[kind, group]) if least <= 0 else 0))
        if not extras:
            return None
        return min(extras) + (0 if self.box.forces(kind.name) else max(0, tau))

    def _rho(self, kind: Kind, group: Group) -> int:
        cold = whole(self.instance.time.cold_start, self.reference.time_scale)
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
        return whole(sum(powers, Fraction(0)), self.reference.cost_scale)

    def _count(self, number: int) -> int:
        count = self.instance.cost.count
        value = count.table[number] if count.table else count.quadratic * number**2
        return whole(value, self.reference.cost_scale)
