"""The mistake to optimise one stream at a time, made as well as it can be made."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from heuristics import Uncoverable
from heuristics.result import badness
from heuristics.room import capacities
from instances.groups import form_groups
from instances.instance import Instance
from instances.limits import Limits
from instances.metrics import evaluate
from instances.plan import Plan
from instances.running import run_batches
from instances.shapes import Shape
from milp.solving import solve


def solve_stream_by_stream(
    instance: Instance, *, time_limit: float = 60.0, workers: int = 2, seed: int = 0
) -> Plan:
    """Return the plan of somebody who optimises each stream alone, one after another.

    `milp.solve` solves the streams in the instance's order, each as an instance of its own: with the limits
    of the stream, and of those over all streams the ones on a single batch. The first stream may open as
    many shapes as the whole budget (`Instance.shape_limit`) has, and takes what it likes. Every later stream
    takes the better of two plans of its own:

    - one that opens shapes of its own, as many as are left of the budget (none once it is used up);
    - its best plan with as many shapes as are opened already, each batch then moved into the opened shape
      that runs it at the least cost.

    The plans run stream after stream. Nobody looks at what only the whole pays or violates: the cost of the
    number of shapes, compile costs that streams could share, limits over all streams, and shapes that an
    early stream opens for a small gain and a later one lacks.

    Parameters
    ----------
    instance
        The problem, with any number of streams.
    time_limit
        Seconds for all searches together.
    workers, seed
        As `milp.solve` takes them.

    Raises
    ------
    Uncoverable
        If a stream is left without a plan; the message says which.
    """
    until = time.monotonic() + time_limit
    opened: tuple[Shape, ...] = ()
    parts: list[Plan] = []
    for index, stream in enumerate(instance.streams):
        alone = _alone(instance, index)
        ways = list(_ways(instance, opened))
        later = 2 * (len(instance.streams) - index - 1)
        found: list[Plan] = []
        for done, (most, into) in enumerate(ways):
            limit = max(0.01, (until - time.monotonic()) / (len(ways) - done + later))
            problem = replace(alone, max_shapes=most)
            plan = solve(problem, time_limit=limit, workers=workers, seed=seed).plan
            if plan is not None and into:
                plan = moved(alone, plan, into)
            found += [] if plan is None else [plan]
        if not found:
            raise Uncoverable(_nothing(stream.name, opened, instance.shape_limit))
        parts.append(min(found, key=lambda plan: badness(evaluate(alone, plan))))
        opened = tuple(sorted({*opened, *parts[-1].shapes}))
    return joined(parts)


def _alone(instance: Instance, index: int) -> Instance:
    """Return a stream as an instance of its own."""
    shared = instance.limits
    on_batch = Limits(max_batch_size=shared.max_batch_size, max_batch_tokens=shared.max_batch_tokens)
    return replace(instance, streams=(instance.streams[index],), limits=on_batch)


def _ways(instance: Instance, opened: tuple[Shape, ...]) -> Iterator[tuple[int | None, tuple[Shape, ...]]]:
    """Yield how a stream may be planned: with how many shapes, and the shapes to move into, if any."""
    budget = instance.shape_limit
    left = None if budget is None else budget - len(opened)
    if left is None or left > 0:
        yield left, ()
    if opened:
        yield len(opened), opened


def _nothing(stream: str, opened: tuple[Shape, ...], budget: int | None) -> str:
    if not opened or budget is None or len(opened) < budget:
        return f"stream {stream}: no plan was found for it alone"
    return (
        f"stream {stream}: all {budget} shapes are opened by earlier streams, and no plan was found in them"
    )


def moved(instance: Instance, plan: Plan, shapes: Sequence[Shape]) -> Plan | None:
    """Return a plan with each batch in the one of `shapes` that runs it at the least cost.

    Of equally cheap ones it is the first.

    Parameters
    ----------
    instance
        Of a single stream.

    Returns
    -------
    Plan or None
        None if some batch fits into none of them.
    """
    groups = form_groups(instance)
    best: list[tuple[int, Shape] | None] = [None] * len(plan)
    for shape in shapes:
        there = run_batches(instance, groups, _declared(plan, [shape] * len(plan)))
        slots = np.full(len(plan), shape.batch, dtype=np.int64)
        fits = there.longest_prompt <= shape.prompt
        fits &= plan.sizes <= capacities(instance, 0, there.decode_prompt, there.steps, slots)
        if instance.shapes.gen is not None:
            fits &= there.longest_gen <= shape.gen
        for batch in np.flatnonzero(fits).tolist():
            known = best[batch]
            if known is None or int(there.cost[batch]) < known[0]:
                best[batch] = int(there.cost[batch]), shape
    chosen = [found[1] for found in best if found is not None]
    return _declared(plan, chosen) if len(chosen) == len(plan) else None


def _declared(plan: Plan, shapes: Sequence[Shape]) -> Plan:
    """Return a plan whose batches declare other shapes."""
    prompt, gen, batch = np.asarray(shapes, dtype=np.int64).T
    return replace(plan, prompt=prompt, gen=gen, batch=batch)


def joined(parts: Sequence[Plan]) -> Plan:
    """Return one plan that runs the plans of single streams one after another.

    Parameters
    ----------
    parts
        Plan k is that of an instance whose only stream is stream k.
    """
    batches = np.cumsum([0, *map(len, parts)])

    def column(name: str, shift: bool = False) -> npt.NDArray[np.int64]:
        pairs = zip(parts, batches.tolist(), strict=False)
        return np.concatenate([getattr(part, name) + (before if shift else 0) for part, before in pairs])

    return Plan(
        stream=np.repeat(np.arange(len(parts)), np.diff(batches)),
        prompt=column("prompt"),
        gen=column("gen"),
        batch=column("batch"),
        copies=column("copies"),
        entry_batch=column("entry_batch", shift=True),
        entry_row=column("entry_row"),
        entry_count=column("entry_count"),
        id_rank=column("id_rank", shift=True),
    )
