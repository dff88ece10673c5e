"""Small random instances over all flags, and a slow recomputation of a plan's metrics from the definition."""

from __future__ import annotations

import random
from fractions import Fraction
from typing import Any, Literal

import heuristics
from instances.cost import CostModel, CountCost, Monomial, Phases, TimeModel
from instances.demand import Demand
from instances.instance import Instance, Stream
from instances.limits import LatencyLimit, Limits
from instances.plan import Plan
from instances.shapes import RunRules, ShapeSpace, Sizes

QUICK = ("nested", "one-per-batch", "one-shape", "partition", "powers-of-two", "greedy")
"""Heuristics that are run on every instance: the quick ones, and what searches start from."""
SLOW = ("grid-search", "joint", "stream-by-stream")


def names_for(seed: int) -> list[str]:
    """Return the heuristics to run on an instance: the longer one takes, the fewer instances it gets."""
    often = {name: 1 if name in QUICK else 12 if name in SLOW else 6 for name in heuristics.NAMES}
    return [name for name in heuristics.NAMES if seed % often[name] == 0]


def random_instance(seed: int) -> Instance:
    """Return an instance of a few requests whose flags, limits and coefficients are drawn at random."""
    r = random.Random(seed)
    gen_at: Literal["batch", "shape"] = "shape" if r.random() < 0.5 else "batch"
    batch_at: Literal["actual", "shape"] = "shape" if r.random() < 0.5 else "actual"
    prefill_at: Literal["request", "shape"] = "shape" if r.random() < 0.5 else "request"
    decode_at: Literal["batch", "shape"] = "shape" if r.random() < 0.5 else "batch"
    runs = RunRules(prefill_at, decode_at, gen_at, batch_at)
    shapes = ShapeSpace(
        r.choice([Sizes(granularity=r.choice([1, 4, 8])), Sizes(values=(6, 13, 40))]),
        Sizes(granularity=r.choice([1, 5])) if gen_at == "shape" or r.random() < 0.3 else None,
        Sizes(values=(1, 2, 4)) if batch_at == "shape" or r.random() < 0.3 else None,
    )
    streams = tuple(_stream(r, f"s{k}") for k in range(r.choice([1, 1, 2])))
    return Instance(
        f"random-{seed}",
        streams,
        shapes,
        CostModel(
            _phases(r),
            batch=Fraction(r.randint(0, 4000), 10),
            base=Fraction(r.randint(0, 5)),
            compile=(Monomial(Fraction(r.randint(0, 30)), prompt=r.randint(0, 2), gen=r.randint(0, 1)),),
            compile_per=r.choice(["stream", "once"]),
            count=CountCost(Fraction(r.randint(0, 400))),
        ),
        TimeModel(_phases(r), batch=Fraction(r.randint(0, 9)), cold_start=Fraction(r.choice([0, 0, 500]))),
        runs,
        _limits(r),
        max_shapes=r.choice([None, 1, 2, 3]),
        pad_over=r.choice(["real", "padded"]),
        latency=r.choice(["service", "completion"]),
        workers=r.choice([1, 2]),
    )


def _phases(r: random.Random) -> Phases:
    prefill, decode = ([Fraction(r.randint(0, 30), 10) for _ in range(3)] for _ in range(2))
    return Phases((prefill[0], prefill[1], prefill[2]), (decode[0], decode[1], decode[2]))


def _limits(r: random.Random) -> Limits:
    latency = (LatencyLimit(Fraction(r.randint(200, 20000)), Fraction(r.choice([50, 95]), 100)),)
    return Limits(
        pad_ratio=Fraction(r.randint(1, 9), 10) if r.random() < 0.3 else None,
        latency=latency if r.random() < 0.3 else (),
        total_time=Fraction(r.randint(5000, 50000)) if r.random() < 0.3 else None,
        max_batch_size=r.choice([None, None, 1, 3]),
        max_batch_tokens=r.choice([None, None, 60, 200]),
    )


def _stream(r: random.Random, name: str) -> Stream:
    number = r.randint(1, 9)
    prompts = [r.randint(1, 40) for _ in range(number)]
    gens = [r.randint(1, 20) for _ in range(number)]
    if r.random() < 0.5:
        ids = [f"{name}-{i}" for i in range(number)]
        return Stream(name, Demand.from_requests(prompts, gens, ids), _limits(r))
    counts = [r.choice([1, 2, 7]) for _ in range(number)]
    return Stream(name, Demand.from_histogram(prompts, gens, counts), _limits(r))


def slow_metrics(instance: Instance, plan: Plan) -> dict[str, Any]:
    """Recompute cost, padded tokens and latencies, one request and one decode step at a time.

    Returns
    -------
    dict
        ``cost``, ``padded``, ``total_time`` and ``latencies`` (sorted, all streams).
    """
    rules, batches = instance.runs, _batches(instance, plan)
    cold = _cold_batches(plan)
    cost, padded, ends, latencies = instance.cost.base, 0, [Fraction(0)] * instance.workers, []
    total_time = Fraction(0)
    for row, shape, requests, is_first in batches:
        side = max(p for p, _ in requests) if rules.decode_at == "batch" else shape[0]
        steps = max(g for _, g in requests) if rules.gen_at == "batch" else shape[1]
        slots = len(requests) if rules.batch_at == "actual" else shape[2]
        prompts = [p if rules.prefill_at == "request" else shape[0] for p, _ in requests]
        paid = prompts + [shape[0]] * (slots - len(requests))
        cost += instance.cost.batch
        cost += sum(prefill(instance.cost.work, p) + decode(instance.cost.work, side, steps) for p in paid)
        padded += sum(p + steps for p in paid)
        took = [
            prefill(instance.time.work, p) + decode(instance.time.work, side, steps) + instance.time.batch
            for p in prompts
        ]
        if is_first and row in cold:
            took[0] += instance.time.cold_start
        total_time += max(took)
        if instance.latency == "service":
            latencies += took
        else:
            device = ends.index(min(ends))
            ends[device] += max(took)
            latencies += [ends[device]] * len(took)
    return {
        "cost": cost + _shapes_cost(instance, plan),
        "padded": padded,
        "total_time": total_time,
        "latencies": sorted(latencies),
    }


def prefill(work: Phases, length: int) -> Fraction:
    """Return the prefill work of one request."""
    q2, q1, q0 = work.prefill
    return q2 * length**2 + q1 * length + q0


def decode(work: Phases, side: int, steps: int) -> Fraction:
    """Return the decode work of one request, step by step."""
    d2, d1, d0 = work.decode
    return sum((d2 * (side + t) ** 2 + d1 * (side + t) + d0 for t in range(steps)), Fraction(0))


def _aligned(sizes: Sizes, length: int) -> int:
    if sizes.granularity is not None:
        return -(-length // sizes.granularity) * sizes.granularity
    return next(size for size in sizes.values if size >= length)


def _batches(
    instance: Instance, plan: Plan
) -> list[tuple[int, tuple[int, int, int], list[tuple[int, int]], bool]]:
    found = []
    for row in range(len(plan)):
        requests: list[tuple[int, int]] = []
        demand = instance.streams[int(plan.stream[row])].demand
        for entry in range(len(plan.entry_row)):
            if plan.entry_batch[entry] == row:
                prompt = _aligned(instance.shapes.prompt, int(demand.prompt[plan.entry_row[entry]]))
                lengths = prompt, int(demand.gen[plan.entry_row[entry]])
                requests += [lengths] * int(plan.entry_count[entry])
        shape = int(plan.prompt[row]), int(plan.gen[row]), int(plan.batch[row])
        found += [(row, shape, requests, copy == 0) for copy in range(int(plan.copies[row]))]
    return found


def _cold_batches(plan: Plan) -> set[int]:
    first: dict[tuple[int, ...], int] = {}
    for row in sorted(range(len(plan)), key=lambda row: int(plan.id_rank[row])):
        key = tuple(int(c[row]) for c in (plan.stream, plan.prompt, plan.gen, plan.batch))
        first.setdefault(key, row)
    return set(first.values())


def _shapes_cost(instance: Instance, plan: Plan) -> Fraction:
    pairs = {
        tuple(int(c[row]) for c in (plan.stream, plan.prompt, plan.gen, plan.batch))
        for row in range(len(plan))
    }
    shapes = {pair[1:] for pair in pairs}
    paid = [pair[1:] for pair in pairs] if instance.cost.compile_per == "stream" else list(shapes)
    cost = instance.cost.count.quadratic * len(shapes) ** 2
    for p, g, b in paid:
        cost += sum(
            (t.coefficient * p**t.prompt * g**t.gen * b**t.batch for t in instance.cost.compile), Fraction(0)
        )
    return cost
