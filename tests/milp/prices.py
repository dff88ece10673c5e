"""Random prices and random boxes for tests, and boxes by name."""

from __future__ import annotations

import random

import numpy as np

from instances.batch_model import BatchModel
from instances.exact import narrowed
from instances.instance import Instance
from milp.boxes import divide
from milp.certificate import Split
from milp.lagrangian import Box, Prices
from tests.milp.reference import NamedBox


def scale_of(instance: Instance) -> int:
    """Return roughly what serving one request costs, in cost ticks: prices of that size say something."""
    plan_cost = instance.cost_scale * 200
    return max(1, plan_cost)


def random_prices(model: BatchModel, rng: random.Random, *, objective: int | None = None) -> Prices:
    """Return prices of the right signs, small or far beyond 64 bits, dense or sparse."""
    denominator, fineness = rng.choice(((1, 1), (2, 1), (256, 16), (2**16, 2**24), (3, 5), (2**40, 2**30)))
    big = rng.choice((1, 1, 1, 10**6, 10**20))
    top = scale_of(model.instance) * denominator * big
    group = [rng.randint(-top // 10, top) if rng.random() < 0.9 else 0 for _ in range(len(model.groups))]
    limit = []
    for row in model.rows:
        # Rows count tokens, ticks of time or requests: what moves L by about one request's cost.
        reach = max(1, top * fineness * 2 // max(1, abs(int(row.bound))))
        if row.kind in ("latency", "served"):
            reach = top * fineness
        limit.append(rng.choice((0, 1, rng.randint(0, reach), rng.randint(0, reach))))
    pairs = [(g, s) for g in range(len(model.groups)) for s in range(len(model.types.shapes))]
    chosen = rng.sample(pairs, min(len(pairs), rng.choice((0, 0, 1, 3, 6))))
    return Prices(
        denominator,
        fineness,
        _column(group),
        _column(limit),
        rng.choice((0, 1, 1, 1)) if objective is None else objective,
        np.asarray([g for g, _ in chosen], dtype=np.int64),
        np.asarray([s for _, s in chosen], dtype=np.int64),
        _column([rng.randint(0, top) for _ in chosen]),
        cold=rng.random() < 0.6,
    )


def random_splits(model: BatchModel, rng: random.Random, number: int) -> list[Split]:
    """Return splits of all four quantities, with some thresholds that leave one side empty."""
    types, groups = model.types, model.groups
    splits = []
    for _ in range(number):
        kind = rng.choice(("shapes", "shape", "batches", "requests", "requests"))
        if kind == "shapes" or not len(types):
            splits.append(Split("shapes", (), rng.randint(-1, 4), 0, 0))
            continue
        index = rng.randrange(len(types))
        key = types.key(index)
        if kind == "shape":
            splits.append(Split("shape", key[1:4], 0, 0, 0))
        elif kind == "batches":
            splits.append(Split("batches", key, rng.choice((-1, 0, 0, 0, 1, 1, 2, 5)), 0, 0))
        else:
            mine = groups.of_stream(key[0])
            fits = (groups.prompt[mine] <= key[4]) & (groups.gen[mine] <= key[5])
            if not fits.any():
                continue
            group = mine.start + int(rng.choice(np.flatnonzero(fits).tolist()))
            name = (int(groups.prompt[group]), int(groups.gen[group]))
            splits.append(Split("requests", (*key, *name), rng.choice((-1, 0, 0, 0, 1, 2, 5)), 0, 0))
    return splits


def random_box(model: BatchModel, rng: random.Random) -> Box:
    """Return the box of a random node, not necessarily one with any plan."""
    box = Box()
    for split in random_splits(model, rng, rng.choice((0, 0, 1, 1, 2, 3, 5))):
        box = divide(model, box, split)[rng.randrange(2)]
    return box


def named(model: BatchModel, box: Box) -> NamedBox:
    """Return a box by names."""
    types, groups, shapes = model.types, model.groups, model.types.shapes

    def group(index: int) -> tuple[int, int, int]:
        return int(groups.stream[index]), int(groups.prompt[index]), int(groups.gen[index])

    return NamedBox(
        box.shapes,
        frozenset(shapes[s] for s in box.opened),
        frozenset(shapes[s] for s in box.closed),
        {types.key(b): bounds for b, bounds in box.batches.items()},
        {(types.key(b), group(g)): bounds for (g, b), bounds in box.requests.items()},
    )


def _column(values: list[int]) -> np.ndarray:
    return narrowed(np.asarray(values, dtype=object)) if values else np.zeros(0, dtype=np.int64)
