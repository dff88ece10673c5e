"""Structural rules of a plan: everyone served once, in batches that their shapes can run."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from instances.groups import Groups
from instances.instance import Instance
from instances.plan import Plan
from instances.running import entry_groups
from instances.shapes import Shape
from instances.violations import STRUCTURE, Violation


def structural_violations(instance: Instance, groups: Groups, plan: Plan) -> list[Violation]:
    """Return every structural violation of a plan, in the order of `STRUCTURE`."""
    found = list(plan.defects)
    found += _service(instance, plan)
    if len(plan):
        found += _shapes(instance, groups, plan)
    return sorted(found, key=lambda violation: STRUCTURE.index(violation.kind))


def _service(instance: Instance, plan: Plan) -> Iterator[Violation]:
    for index, stream in enumerate(instance.streams):
        served = np.zeros(stream.demand.rows, dtype=np.int64)
        mine = plan.stream[plan.entry_batch] == index
        amount = plan.entry_count * plan.copies[plan.entry_batch]
        np.add.at(served, plan.entry_row[mine], amount[mine])
        for row in np.flatnonzero(served != stream.demand.count).tolist():
            short = int(stream.demand.count[row] - served[row])
            lengths = f"prompt {stream.demand.prompt[row]}, gen {stream.demand.gen[row]}"
            where = f"stream {stream.name}: {abs(short)} of {lengths}"
            yield Violation("missing request" if short > 0 else "duplicate request", where)


def _shapes(instance: Instance, groups: Groups, plan: Plan) -> Iterator[Violation]:
    for shape in plan.shapes:
        if not instance.shapes.allows(shape):
            yield Violation("shape not allowed", str(shape))
    group = entry_groups(groups, plan)
    first = np.searchsorted(plan.entry_batch, np.arange(len(plan)))
    prompt = np.maximum.reduceat(groups.prompt[group], first)
    gen = np.maximum.reduceat(groups.gen[group], first)
    small = prompt > plan.prompt
    if instance.shapes.gen is not None:
        small |= gen > plan.gen
    for batch in np.flatnonzero(small).tolist():
        yield Violation("shape too small", f"batch {plan.label(batch)}: {_shape(plan, batch)}")
    yield from _sizes(instance, plan, prompt, gen)
    most = instance.shape_limit
    if most is not None and len(plan.shapes) > most:
        yield Violation("too many shapes", "plan", len(plan.shapes), most)


def _sizes(instance: Instance, plan: Plan, prompt: np.ndarray, gen: np.ndarray) -> Iterator[Violation]:
    rules = instance.runs
    slots = plan.sizes if rules.batch_at == "actual" else plan.batch
    side = prompt if rules.decode_at == "batch" else plan.prompt
    steps = gen if rules.gen_at == "batch" else plan.gen
    for index in range(len(instance.streams)):
        most, tokens = instance.batch_limits(index)
        for batch in np.flatnonzero(plan.stream == index).tolist():
            size = int(plan.sizes[batch])
            compiled = int(plan.batch[batch]) if instance.shapes.batch is not None else size
            bound = compiled if most is None else min(compiled, most)
            if size > bound:
                yield Violation("batch too large", f"batch {plan.label(batch)}", size, bound)
            memory = int(slots[batch]) * int(side[batch] + steps[batch])
            if tokens is not None and memory > tokens:
                yield Violation("batch tokens", f"batch {plan.label(batch)}", memory, tokens)


def _shape(plan: Plan, batch: int) -> Shape:
    return Shape(int(plan.prompt[batch]), int(plan.gen[batch]), int(plan.batch[batch]))
