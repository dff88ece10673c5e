"""The problem's definition in plain Python: Fractions, loops and sorting, one object per request.

Slow on purpose and written from the definition alone: it shares no arithmetic with the package.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import count, product
from typing import NamedTuple

from instances.cost import CostModel, CountCost, Phases
from instances.instance import Instance
from instances.limits import Limits
from instances.shapes import Shape, Sizes

Lengths = tuple[int, int]
"""Prompt and generation length of a request, in tokens."""


class Batch(NamedTuple):
    """One batch of a plan; `requests` is in plan order and `rank` is its place in the order of batch ids."""

    stream: int
    shape: Shape
    requests: tuple[Lengths, ...]
    rank: int


def aligned(sizes: Sizes, length: int) -> int | None:
    """Return the least allowed size that holds `length`; None if there is none."""
    if sizes.granularity is not None:
        return next(k * sizes.granularity for k in count(1) if k * sizes.granularity >= length)
    return min((size for size in sizes.values if size >= length), default=None)


def prefill(phases: Phases, prompt: int) -> Fraction:
    """Return the prefill work of one request."""
    q2, q1, q0 = phases.prefill
    return q2 * prompt**2 + q1 * prompt + q0


@lru_cache(maxsize=10_000)
def decode(phases: Phases, prompt: int, steps: int) -> Fraction:
    """Return the decode work of one request, step by step."""
    d2, d1, d0 = phases.decode
    return sum((d2 * (prompt + t) ** 2 + d1 * (prompt + t) + d0 for t in range(steps)), Fraction(0))


def compile_cost(cost: CostModel, shape: Shape) -> Fraction:
    """Return the compile cost of one shape."""
    terms = (
        term.coefficient * shape.prompt**term.prompt * shape.gen**term.gen * shape.batch**term.batch
        for term in cost.compile
    )
    return sum(terms, Fraction(0))


def count_cost(counted: CountCost, shapes: int) -> Fraction:
    """Return the cost of a number of shapes."""
    return counted.table[shapes] if counted.table else counted.quadratic * shapes**2


class Run(NamedTuple):
    """What a batch is run at: slots paid for, prefill length of each request, decode prompt side, steps."""

    slots: int
    prefills: tuple[int, ...]
    side: int
    steps: int
    empty: int

    @property
    def tokens(self) -> int:
        """Prompt and generated tokens that are run, padding included."""
        return sum(self.prefills) + self.empty + self.slots * self.steps

    @property
    def memory(self) -> int:
        """Tokens held by the batch at its end."""
        return self.slots * (self.side + self.steps)


def run(instance: Instance, shape: Shape, requests: tuple[Lengths, ...]) -> Run | None:
    """Return what a batch of these requests is run at; None if the shape cannot run them."""
    rules, space = instance.runs, instance.shapes
    prompts = [aligned(space.prompt, prompt) for prompt, _ in requests]
    longest = max(gen for _, gen in requests)
    if any(prompt is None or prompt > shape.prompt for prompt in prompts):
        return None
    if space.gen is not None and longest > shape.gen:
        return None
    own = tuple(prompt for prompt in prompts if prompt is not None)
    slots = shape.batch if rules.batch_at == "shape" else len(requests)
    return Run(
        slots=slots,
        prefills=own if rules.prefill_at == "request" else (shape.prompt,) * len(own),
        side=max(own) if rules.decode_at == "batch" else shape.prompt,
        steps=longest if rules.gen_at == "batch" else shape.gen,
        empty=(slots - len(requests)) * shape.prompt,
    )


def batch_cost(instance: Instance, shape: Shape, ran: Run) -> Fraction:
    """Return the cost of a batch, compile cost apart."""
    work, empty = instance.cost.work, ran.slots - len(ran.prefills)
    prefills = sum((prefill(work, prompt) for prompt in ran.prefills), Fraction(0))
    decodes = ran.slots * decode(work, ran.side, ran.steps)
    return instance.cost.batch + prefills + empty * prefill(work, shape.prompt) + decodes


def latencies(instance: Instance, ran: Run) -> list[Fraction]:
    """Return the service latency of each request of a batch, cold start apart, in milliseconds."""
    time = instance.time
    rest = time.batch + decode(time.work, ran.side, ran.steps)
    return [prefill(time.work, prompt) + rest for prompt in ran.prefills]


@dataclass(frozen=True)
class Measured:
    """Metrics of one stream or of all; `late` holds the latencies of all requests in ascending order."""

    cost: Fraction
    pad_ratio: Fraction
    total_time: Fraction
    batches: int
    late: tuple[Fraction, ...]

    def percentile(self, quantile: Fraction) -> Fraction:
        """Return the nearest-rank percentile: the least value that a share `quantile` does not exceed."""
        return next(v for i, v in enumerate(self.late, start=1) if i >= quantile * len(self.late))


def broken(instance: Instance, batches: list[Batch]) -> set[str]:
    """Return the kinds of the structural rules that a plan breaks."""
    found: set[str] = set()
    for index, stream in enumerate(instance.streams):
        demand = stream.demand
        rows = zip(demand.prompt.tolist(), demand.gen.tolist(), demand.count.tolist(), strict=True)
        served = [request for batch in batches if batch.stream == index for request in batch.requests]
        for prompt, gen, wanted in rows:
            if served.count((prompt, gen)) < wanted:
                found.add("missing request")
            if served.count((prompt, gen)) > wanted:
                found.add("duplicate request")
    shapes = {batch.shape for batch in batches}
    space = instance.shapes
    for shape in shapes:
        pairs = zip((space.prompt, space.gen, space.batch), shape, strict=True)
        if any(size != 0 if sizes is None else aligned(sizes, size) != size for sizes, size in pairs):
            found.add("shape not allowed")
    most = [b for b in (instance.max_shapes, len(instance.cost.count.table) - 1) if b is not None and b >= 0]
    if any(len(shapes) > bound for bound in most):
        found.add("too many shapes")
    for batch in batches:
        found |= batch_faults(instance, batch.stream, batch.shape, batch.requests)
    return found


def batch_faults(instance: Instance, stream: int, shape: Shape, requests: tuple[Lengths, ...]) -> set[str]:
    """Return the kinds of the rules that a batch breaks by itself."""
    ran = run(instance, shape, requests)
    found = set() if ran is not None else {"shape too small"}
    if instance.shapes.batch is not None and len(requests) > shape.batch:
        found.add("batch too large")
    for limits in (instance.limits, instance.streams[stream].limits):
        if limits.max_batch_size is not None and len(requests) > limits.max_batch_size:
            found.add("batch too large")
        if limits.max_batch_tokens is not None and ran is not None and ran.memory > limits.max_batch_tokens:
            found.add("batch tokens")
    return found


def measure(instance: Instance, batches: list[Batch]) -> tuple[list[Measured], Measured]:
    """Return the metrics of each stream and of all together, for a plan that is not `broken`."""
    runs = []
    for batch in batches:
        ran = run(instance, batch.shape, batch.requests)
        assert ran is not None
        runs.append(ran)
    times = [latencies(instance, ran) for ran in runs]
    for stream, shape in {(batch.stream, batch.shape) for batch in batches}:
        users = [i for i, batch in enumerate(batches) if (batch.stream, batch.shape) == (stream, shape)]
        # min() keeps the first of equal ranks: copies of one batch run in plan order.
        times[min(users, key=lambda i: batches[i].rank)][0] += instance.time.cold_start
    ends = completion(instance, [max(t) for t in times])
    if instance.latency == "completion":
        late = [[end] * len(t) for end, t in zip(ends, times, strict=True)]
    else:
        late = times
    work = [batch_cost(instance, batch.shape, ran) for batch, ran in zip(batches, runs, strict=True)]

    def over(streams: list[int], compiled: Fraction) -> Measured:
        mine = [i for i, batch in enumerate(batches) if batch.stream in streams]
        real = sum(p + g for i in mine for p, g in batches[i].requests)
        padded = sum(runs[i].tokens for i in mine)
        over_real = instance.pad_over == "real"
        return Measured(
            cost=sum((work[i] for i in mine), compiled),
            pad_ratio=Fraction(padded - real, real) if over_real else 1 - Fraction(real, padded),
            total_time=sum((max(times[i]) for i in mine), Fraction(0)),
            batches=len(mine),
            late=tuple(sorted(value for i in mine for value in late[i])),
        )

    every = list(range(len(instance.streams)))
    used = [{batch.shape for batch in batches if batch.stream == k} for k in every]
    paid = [sum((compile_cost(instance.cost, s) for s in shapes), Fraction(0)) for shapes in used]
    distinct = set().union(*used)
    constant = instance.cost.base + count_cost(instance.cost.count, len(distinct))
    if instance.cost.compile_per == "stream":
        return [over([k], paid[k]) for k in every], over(every, constant + sum(paid, Fraction(0)))
    once = sum((compile_cost(instance.cost, s) for s in distinct), Fraction(0))
    return [over([k], Fraction(0)) for k in every], over(every, constant + once)


def completion(instance: Instance, durations: list[Fraction]) -> list[Fraction]:
    """Return when each batch ends: each starts, in plan order, on the device that is free first."""
    free = [Fraction(0)] * instance.workers
    ends = []
    for duration in durations:
        free.sort()
        free[0] += duration
        ends.append(free[0])
    return ends


def violated(limits: Limits, measured: Measured) -> set[str]:
    """Return the limits that metrics exceed, by metric; percentiles by their quantile as text."""
    pairs = [
        ("cost", measured.cost, limits.cost),
        ("pad_ratio", measured.pad_ratio, limits.pad_ratio),
        ("total_time", measured.total_time, limits.total_time),
        ("batches", measured.batches, limits.batches),
        *((str(one.quantile), measured.percentile(one.quantile), one.most) for one in limits.latency),
    ]
    return {name for name, value, most in pairs if most is not None and value > most}


def candidate_shapes(instance: Instance, extra: int = 0) -> list[Shape]:
    """Return the shapes worth trying: sizes up to the first that holds every length, and `extra` more.

    A larger size costs no less in any respect and holds no other request, so none is missed; every batch
    size of the list is tried.
    """
    demands = [stream.demand for stream in instance.streams]
    prompts = _sizes(instance.shapes.prompt, max(int(d.prompt.max()) for d in demands), extra)
    gens = _sizes(instance.shapes.gen, max(int(d.gen.max()) for d in demands), extra)
    batches = (0,) if instance.shapes.batch is None else instance.shapes.batch.values
    return [Shape(*triple) for triple in product(prompts, gens, batches)]


def _sizes(sizes: Sizes | None, longest: int, extra: int) -> list[int]:
    if sizes is None:
        return [0]
    if sizes.granularity is not None:
        top = aligned(sizes, longest) or 0
        return [k * sizes.granularity for k in range(1, top // sizes.granularity + 1 + extra)]
    enough = sum(size < longest for size in sizes.values) + 1
    return list(sizes.values[: enough + extra])
