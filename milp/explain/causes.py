"""Causes that are no limit, or lie in single requests: what fits no shape, or no memory by itself."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from instances.batch_model import BatchModel, form_batch_model
from instances.instance import Instance
from instances.shapes import Sizes
from milp.explain.asking import Held
from milp.explain.feasibility import first_plan
from milp.explain.ticks import without_capacity

MOST_SHAPES = 4_000
"""Entries by which a count table is made longer to see whether more of them would help."""

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Cause:
    """Why a conflict is one, where single requests or the machine say it.

    Parameters
    ----------
    kind
        ``prompt size``, ``gen size``, ``memory`` or ``count table``.
    request
        The request concerned, for people; empty if there is none.
    needs, has
        What it needs at least and what there is: tokens, or shapes.
    number
        How many requests are concerned.
    text
        The same in words.
    """

    kind: str
    request: str
    needs: int
    has: int
    number: int
    text: str


def uncovered(instance: Instance) -> list[Cause]:
    """Return the sizes that are missing: requests that are longer than every compiled size."""
    causes = []
    for kind, sizes in (("prompt size", instance.shapes.prompt), ("gen size", instance.shapes.gen)):
        if sizes is None or sizes.granularity is not None:
            continue
        longest, where, row, number = 0, 0, 0, 0
        for index, stream in enumerate(instance.streams):
            lengths = stream.demand.prompt if kind == "prompt size" else stream.demand.gen
            number += int(stream.demand.count[lengths > sizes.values[-1]].sum())
            if int(lengths.max()) > longest:
                longest, where, row = int(lengths.max()), index, int(lengths.argmax())
        if number:
            request, has = request_name(instance, where, row), sizes.values[-1]
            text = f"{request} is longer than the largest {kind}, {has}; {longest} is enough"
            text += f" for all {number:,} that are too long" if number > 1 else ""
            causes.append(Cause(kind, request, longest, has, number, text))
    return causes


def covering(instance: Instance, cause: Cause, size: int) -> Instance:
    """Return the instance with one more allowed size of the dimension that a cause is about."""
    shapes = instance.shapes
    sizes = shapes.prompt if cause.kind == "prompt size" else shapes.gen
    assert sizes is not None
    more = Sizes(values=tuple(sorted({*sizes.values, size})))
    changed = replace(shapes, prompt=more) if cause.kind == "prompt size" else replace(shapes, gen=more)
    return replace(instance, shapes=changed)


def memory_cause(instance: Instance, held: Held) -> Cause | None:
    """Return the request that needs more memory than a batch may have, even alone; None without one."""
    worst: Cause | None = None
    limits = {name: int(value) for name, value in held.items() if name.metric == "max_batch_tokens"}
    if not limits:
        return None
    model = form_batch_model(without_capacity(instance))
    for stream in range(len(instance.streams)):
        allowed = [value for name, value in limits.items() if name.stream in (None, stream)]
        if not allowed:
            continue
        needed, slots = _least_memory(model, stream)
        over = needed > min(allowed)
        if over.any() and (worst is None or int(needed.max()) > worst.needs):
            first = int(needed.argmax())
            group = model.groups.of_stream(stream).start + first
            row = int(np.flatnonzero(model.groups.row_group[stream] == group)[-1])
            request, number = request_name(instance, stream, row), int(model.groups.count[group])
            number = int(model.groups.count[model.groups.of_stream(stream)][over].sum())
            paid = f" in the {slots[first]} slots of the smallest batch" if slots[first] > 1 else ""
            text = (
                f"{request} takes {needed[first]:,} tokens{paid}, alone in a batch; {min(allowed):,} allowed"
            )
            worst = Cause("memory", request, int(needed[first]), min(allowed), number, text)
    return worst


def _least_memory(model: BatchModel, stream: int) -> tuple[Ints, Ints]:
    """Return the least tokens, and the slots they are in, of any batch with a request of each group."""
    instance, types = model.instance, model.types
    shapes = np.asarray(types.shapes, dtype=np.int64).reshape(-1, 3)
    mine = np.flatnonzero(types.stream == stream)
    side = types.prompt[mine] if instance.runs.decode_at == "batch" else shapes[types.shape[mine], 0]
    empty = instance.runs.batch_at == "shape"
    slots = shapes[types.shape[mine], 2] if empty else np.ones(len(mine), dtype=np.int64)
    tokens = slots * (side + types.gen[mine])
    of_stream = model.groups.of_stream(stream)
    pairs = zip(model.groups.prompt[of_stream].tolist(), model.groups.gen[of_stream].tolist(), strict=True)
    least = []
    for prompt, gen in pairs:
        fits = np.flatnonzero((types.prompt[mine] >= prompt) & (types.gen[mine] >= gen))
        least.append(fits[tokens[fits].argmin()])
    chosen = np.asarray(least, dtype=np.int64)
    return tokens[chosen], slots[chosen]


def count_cause(instance: Instance, asked: Instance, time_limit: float) -> Cause | None:
    """Return the count table as a cause: with more entries there is a plan; None if that is not so.

    Parameters
    ----------
    instance, asked
        The problem, and the same with the limits of the conflict only.
    time_limit
        Seconds.
    """
    count = instance.cost.count
    if not count.table:
        return None
    # Further shapes for free are more than anybody could offer.
    longer = replace(count, table=(*count.table, *[count.table[-1]] * min(instance.requests, MOST_SHAPES)))
    freed = replace(asked, cost=replace(asked.cost, count=longer))
    plan, _ = first_plan(freed, freed, time_limit=time_limit)
    if plan is None:
        return None
    needs, has = len(plan.shapes), len(count.table) - 1
    text = f"the table of what shapes cost ends at {has}; a plan with {needs} shapes meets these limits"
    return Cause("count table", "", needs, has, 0, text)


def request_name(instance: Instance, stream: int, row: int) -> str:
    """Return what a request of a demand row is called: its id where there is one, and its lengths."""
    demand = instance.streams[stream].demand
    lengths = f"prompt {demand.prompt[row]:,}, gen {demand.gen[row]:,}"
    of_stream = f" of {instance.streams[stream].name}" if len(instance.streams) > 1 else ""
    if demand.ids is None:
        return f"a request{of_stream} ({lengths})"
    return f"request {demand.ids[int(demand.count[:row].sum())]}{of_stream} ({lengths})"
