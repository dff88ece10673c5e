"""Random tiny instances over all flags and limits, and random plans for them, sound or broken."""

from __future__ import annotations

import random
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np
from hypothesis import strategies as st

from instances.cost import CostModel, CountCost, Monomial, Phases, TimeModel, Triple
from instances.demand import Demand
from instances.instance import Instance, Stream
from instances.limits import LatencyLimit, Limits
from instances.plan import Plan
from instances.shapes import RunRules, Shape, ShapeSpace, Sizes
from tests.oracle import Batch, Measured, best_plan, candidate_shapes, measure, to_plan
from tests.oracle.definition import Lengths, batch_faults, run

QUANTILES = (Fraction(1, 2), Fraction(3, 4), Fraction(19, 20), Fraction(1))
EXHAUSTIBLE = 7
"""Requests up to which the oracle tries every plan within seconds."""

SEEDS = st.integers(0, 2**32 - 1)


def instances(requests: int = 5) -> st.SearchStrategy[Instance]:
    """Return a strategy for tiny instances; an example is named after its seed."""
    return SEEDS.map(lambda seed: random_instance(seed, requests=requests))


@lru_cache(maxsize=2_000)
def random_instance(seed: int, *, requests: int = 5, limited: bool = True) -> Instance:
    """Return a tiny instance that any flag may hold of.

    It has `requests` at most, over all streams. Limits are drawn between the optimum without them (or the
    cheapest of many plans, if there are too many to try them all) and a random plan, so that they often bind
    and sometimes cannot be met.
    """
    rng = random.Random(seed)
    streams = _streams(rng, rng.randint(max(1, requests - 3), requests))
    space = _space(rng, streams)
    instance = Instance(
        name=f"random-{seed}",
        streams=streams,
        shapes=space,
        cost=_cost(rng, space),
        time=_time(rng),
        runs=_rules(rng, space),
        pad_over=rng.choice(("real", "padded")),
        latency=rng.choice(("service", "completion")),
        workers=rng.choice((1, 1, 2)),
    )
    return _limited(rng, instance) if limited else instance


def random_plan(instance: Instance, seed: int) -> Plan | None:
    """Return a plan that breaks no structural rule; None if none is found. Equal batches may be copies."""
    batches = random_batches(instance, random.Random(seed))
    return None if batches is None else compressed(to_plan(instance, batches), seed)


def random_batches(instance: Instance, rng: random.Random) -> list[Batch] | None:
    """Return a random plan that breaks no structural rule, as the oracle's batches; None if none is found."""
    shapes = candidate_shapes(instance, extra=1)
    for _ in range(60):
        most = len(shapes) if instance.shape_limit is None else min(instance.shape_limit, len(shapes))
        opened = rng.sample(shapes, rng.randint(1, most))
        batches = _assigned(instance, rng, opened)
        if batches is not None:
            return batches
    return None


def broken_plan(instance: Instance, seed: int) -> Plan:
    """Return a plan made from random batches in random shapes, sometimes with requests lost or doubled."""
    rng = random.Random(seed)
    shapes = candidate_shapes(instance, extra=1)
    shapes += [s._replace(prompt=s.prompt + 1) for s in shapes[:1]]
    pieces = _partition(instance, rng)
    if rng.random() < 0.3:
        pieces.append(rng.choice(pieces))
    if rng.random() < 0.3 and len(pieces) > 1:
        pieces.pop(rng.randrange(len(pieces)))
    batches = [Batch(k, rng.choice(shapes), requests, 0) for k, requests in pieces]
    return compressed(to_plan(instance, _ranked(batches, rng)), seed)


def compressed(plan: Plan, seed: int) -> Plan:
    """Return the plan with some neighbouring equal batches written as copies of the first of them."""
    rng = random.Random(seed)
    held = [_content(plan, index) for index in range(len(plan))]
    kept, copies = [0], [1]
    for index in range(1, len(plan)):
        if held[index] == held[kept[-1]] and rng.random() < 0.7:
            copies[-1] += 1
        else:
            kept.append(index)
            copies.append(1)
    mine = np.isin(plan.entry_batch, kept)
    return Plan(
        *(column[kept] for column in (plan.stream, plan.prompt, plan.gen, plan.batch)),
        copies=np.array(copies, dtype=np.int64),
        entry_batch=np.searchsorted(kept, plan.entry_batch[mine]).astype(np.int64),
        entry_row=plan.entry_row[mine],
        entry_count=plan.entry_count[mine],
        id_rank=np.argsort(np.argsort(plan.id_rank[kept])).astype(np.int64),
    )


def _content(plan: Plan, index: int) -> tuple[object, ...]:
    mine = plan.entry_batch == index
    columns = (plan.stream, plan.prompt, plan.gen, plan.batch)
    shape = tuple(int(column[index]) for column in columns)
    return (*shape, plan.entry_row[mine].tolist(), plan.entry_count[mine].tolist())


def _decimal(rng: random.Random, most: int, zero: float = 0.3) -> Fraction:
    if rng.random() < zero:
        return Fraction(0)
    return Fraction(rng.randint(1, 100 * most), rng.choice((1, 10, 100)) * 100)


def _triple(rng: random.Random, powers: tuple[int, int, int]) -> Triple:
    square, linear, constant = (_decimal(rng, most) for most in powers)
    return square, linear, constant


def _streams(rng: random.Random, requests: int) -> tuple[Stream, ...]:
    number = 1 if requests < 2 else rng.choice((1, 1, 2))
    split = [requests] if number == 1 else [cut := rng.randint(1, requests - 1), requests - cut]
    streams = []
    for index, size in enumerate(split):
        pool = [(rng.randint(1, 20), rng.randint(1, 9)) for _ in range(rng.randint(1, size))]
        lengths = [rng.choice(pool) for _ in range(size)]
        prompts, gens = zip(*lengths, strict=True)
        if rng.random() < 0.3:
            demand = Demand.from_histogram(prompts, gens, [1] * size)
        else:
            demand = Demand.from_requests(prompts, gens, [f"{'ab'[index]}-{i}" for i in range(size)])
        streams.append(Stream("ab"[index], demand))
    return tuple(streams)


def _sizes(rng: random.Random, longest: int, granularities: tuple[int, ...]) -> Sizes:
    if rng.random() < 0.6:
        return Sizes(rng.choice(granularities))
    values = set(rng.sample(range(1, longest + 4), k=min(3, longest)))
    if rng.random() < 0.95:
        values.add(longest + rng.randint(0, 3))
    return Sizes(values=tuple(sorted(values)))


def _space(rng: random.Random, streams: tuple[Stream, ...]) -> ShapeSpace:
    prompt = max(int(stream.demand.prompt.max()) for stream in streams)
    gen = max(int(stream.demand.gen.max()) for stream in streams)
    batch = Sizes(values=rng.choice(((1, 2, 4), (2, 3), (1, 3))))
    return ShapeSpace(
        _sizes(rng, prompt, (5, 8)),
        _sizes(rng, gen, (4, 6)) if rng.random() < 0.45 else None,
        batch if rng.random() < 0.35 else None,
    )


def _rules(rng: random.Random, space: ShapeSpace) -> RunRules:
    drawn: dict[str, Any] = {
        "prefill_at": rng.choice(("request", "shape")),
        "decode_at": rng.choice(("batch", "shape")),
        "gen_at": "batch" if space.gen is None else rng.choice(("batch", "shape", "shape")),
        "batch_at": "actual" if space.batch is None else rng.choice(("actual", "shape", "shape")),
    }
    return RunRules(**drawn)


def _cost(rng: random.Random, space: ShapeSpace) -> CostModel:
    powers = [(0, 0, 0), (1, 0, 0), (2, 0, 0)]
    powers += [(1, 1, 0), (0, 2, 0)] if space.gen is not None else []
    powers += [(0, 0, 1), (1, 0, 1)] if space.batch is not None else []
    chosen = rng.sample(powers, rng.randint(0, 2))
    steps = [Fraction(0)]
    for _ in range(rng.randint(2, 4)):
        # Any increments: convex, concave or neither.
        steps.append(steps[-1] + _decimal(rng, 400))
    table = rng.random() < 0.35
    return CostModel(
        work=Phases(_triple(rng, (1, 3, 20)), _triple(rng, (1, 3, 10))),
        batch=_decimal(rng, 300),
        base=_decimal(rng, 50),
        compile=tuple(Monomial(_decimal(rng, (200, 20, 1, 1, 1)[sum(p)], zero=0.1), *p) for p in chosen),
        compile_per=rng.choice(("stream", "once")),
        count=CountCost(table=tuple(steps)) if table else CountCost(_decimal(rng, 100, zero=0.4)),
    )


def _time(rng: random.Random) -> TimeModel:
    return TimeModel(
        work=Phases(_triple(rng, (1, 2, 5)), _triple(rng, (1, 2, 5))),
        batch=_decimal(rng, 40),
        cold_start=_decimal(rng, 300, zero=0.5),
    )


def _partition(instance: Instance, rng: random.Random) -> list[tuple[int, tuple[Lengths, ...]]]:
    pieces = []
    for k, stream in enumerate(instance.streams):
        demand = stream.demand
        rows = zip(demand.prompt.tolist(), demand.gen.tolist(), demand.count.tolist(), strict=True)
        requests = [(p, g) for p, g, n in rows for _ in range(n)]
        rng.shuffle(requests)
        if rng.random() < 0.5:
            requests.sort()
        while requests:
            size = rng.randint(1, min(len(requests), rng.choice((1, 2, 6))))
            pieces.append((k, tuple(requests[:size])))
            requests = requests[size:]
    if rng.random() < 0.5:
        rng.shuffle(pieces)
    return pieces


def _assigned(instance: Instance, rng: random.Random, opened: list[Shape]) -> list[Batch] | None:
    batches = []
    for k, requests in _partition(instance, rng):
        fitting = [shape for shape in opened if not batch_faults(instance, k, shape, requests)]
        if not fitting:
            return None
        batches.append(Batch(k, rng.choice(fitting), requests, 0))
    return _ranked(batches, rng)


def _ranked(batches: list[Batch], rng: random.Random) -> list[Batch]:
    ranks = list(range(len(batches)))
    rng.shuffle(ranks)
    return [batch._replace(rank=rank) for batch, rank in zip(batches, ranks, strict=True)]


def _limited(rng: random.Random, instance: Instance) -> Instance:
    instance = replace(instance, max_shapes=rng.choice((None, None, 1, 2, 3)))
    plan = random_batches(instance, rng)
    if plan is None:
        return instance
    instance = _with_capacity(rng, instance, plan)
    drawn = [plan for _ in range(25) if (plan := random_batches(instance, rng)) is not None]
    best = _cheapest(instance, drawn)
    if best is None or not drawn:
        return instance
    points = [measure(instance, best), *(measure(instance, plan) for plan in drawn)]
    anchor = rng.randrange(1, len(points)) if rng.random() < 0.8 else None
    streams = tuple(
        replace(stream, limits=_drawn(rng, stream.limits, [streams[k] for streams, _ in points], anchor))
        for k, stream in enumerate(instance.streams)
    )
    total = _drawn(rng, instance.limits, [total for _, total in points], anchor)
    return replace(instance, streams=streams, limits=total)


def _cheapest(instance: Instance, drawn: list[list[Batch]]) -> list[Batch] | None:
    """Return the optimum, or the cheapest of some plans where there are too many plans to try them all."""
    if instance.requests > EXHAUSTIBLE:
        return min(drawn, key=lambda plan: measure(instance, plan)[1].cost, default=None)
    best = best_plan(instance)
    return None if best is None else best.batches


def _with_capacity(rng: random.Random, instance: Instance, plan: list[Batch]) -> Instance:
    def capacity(streams: set[int]) -> Limits:
        mine = [batch for batch in plan if batch.stream in streams]
        runs = [run(instance, batch.shape, batch.requests) for batch in mine]
        memory = max(ran.memory for ran in runs if ran is not None)
        size = max(len(batch.requests) for batch in mine)
        return Limits(
            max_batch_size=max(1, size - rng.choice((0, 0, 1))) if rng.random() < 0.2 else None,
            max_batch_tokens=max(1, memory - rng.choice((0, 0, 1))) if rng.random() < 0.2 else None,
        )

    streams = [replace(stream, limits=capacity({k})) for k, stream in enumerate(instance.streams)]
    every = set(range(len(instance.streams)))
    return replace(instance, streams=tuple(streams), limits=capacity(every))


def _drawn(rng: random.Random, capacity: Limits, points: list[Measured], anchor: int | None) -> Limits:
    """Draw limits that the optimum, `points[0]`, misses if it can be missed.

    With an anchor, that plan meets them all; without one they can be out of reach, alone or together.
    """

    def between(values: list[Fraction]) -> Fraction | None:
        low, other = values[0], min(values[1:]) if anchor is None else values[anchor]
        if other >= low:
            return (
                low * Fraction(rng.choice((19, 20, 21)), 20)
                if rng.random() < 0.15 and anchor is None
                else None
            )
        return low + (other - low) * Fraction(rng.choice((1, 2, 3, 4, 4) if anchor else (3, 4, 5)), 4)

    drawn: dict[str, Any] = {}
    for name in ("cost", "pad_ratio", "total_time"):
        if rng.random() < 0.35:
            value = between([getattr(point, name) for point in points])
            drawn[name] = None if value is None else max(Fraction(0), value)
    if rng.random() < 0.5:
        pairs = [
            (q, between([point.percentile(q) for point in points]))
            for q in rng.sample(QUANTILES, rng.choice((1, 1, 2)))
        ]
        drawn["latency"] = tuple(LatencyLimit(max(Fraction(0), v), q) for q, v in pairs if v is not None)
    return replace(capacity, **drawn)
