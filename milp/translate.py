"""Plans as solutions of a formulation, and back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from heuristics import BatchChoice, assemble
from heuristics.cold import put_first
from instances.batch_model import BatchModel
from instances.batch_types import prompt_bound_matters
from instances.latencies import batch_times, completion_ends
from instances.limit_rows import deadlines
from instances.metrics import evaluate
from instances.plan import Plan
from instances.running import Running, entry_groups, run_batches
from instances.shapes import Shape
from milp.formulation.arrays import Formulation
from milp.formulation.selection import Selection

Ints = npt.NDArray[np.int64]


def plan_types(model: BatchModel, plan: Plan) -> tuple[Ints, Running] | None:
    """Return the type of each batch of a plan: int64, shape (batches,); None if some batch is of no type.

    A batch that declares a shape which is no candidate is given the largest candidate within it, or the
    smallest that holds it. Batches whose copies end in different stages have no type of their own either.
    """
    running = run_batches(model.instance, model.groups, plan)
    types = model.types
    shape = np.asarray([_candidate(model, plan, running, b) for b in range(len(plan))], dtype=np.int64)
    stage = _stages(model, plan, running)
    if (shape < 0).any() or stage is None:
        return None
    table = np.asarray(types.shapes, dtype=np.int64)
    prompt = running.longest_prompt if prompt_bound_matters(model.instance) else table[shape, 0]
    gen = running.longest_gen if model.instance.runs.gen_at == "batch" else table[shape, 1]
    columns = [types.stream, types.shape, types.prompt, types.gen, types.stage]
    wanted = [plan.stream, shape, prompt, gen, stage]
    keys, targets = np.zeros(len(types), dtype=np.int64), np.zeros(len(plan), dtype=np.int64)
    for column, target in zip(columns, wanted, strict=True):
        values, rank = np.unique(np.concatenate([column, target]), return_inverse=True)
        keys = keys * len(values) + rank[: len(column)]
        targets = targets * len(values) + rank[len(column) :]
    order = np.argsort(keys, kind="stable")
    place = np.minimum(np.searchsorted(keys[order], targets), len(keys) - 1)
    found = order[place]
    if (keys[found] != targets).any() or (plan.sizes > types.capacity[found]).any():
        return None
    return found, running


def _candidate(model: BatchModel, plan: Plan, running: Running, batch: int) -> int:
    declared = Shape(int(plan.prompt[batch]), int(plan.gen[batch]), int(plan.batch[batch]))
    shapes = model.types.shapes
    if declared in shapes:
        return shapes.index(declared)
    longest = (int(running.longest_prompt[batch]), int(running.longest_gen[batch]), int(plan.sizes[batch]))
    compiled = tuple(size if own else 0 for size, own in zip(longest, declared, strict=True))
    holding = [s for s in shapes if all(a >= b for a, b in zip(s, compiled, strict=True))]
    within = [s for s in holding if all(a <= b for a, b in zip(s, declared, strict=True))]
    if not holding:
        return -1
    return shapes.index(max(within) if within else min(holding))


def _stages(model: BatchModel, plan: Plan, running: Running) -> Ints | None:
    limits = deadlines(model.instance)
    if not limits:
        return np.zeros(len(plan), dtype=np.int64)
    cold = model.delay_ticks
    first, further = batch_times(plan, running, cold)
    ends = completion_ends(plan, first, further, model.instance.workers)
    stage = np.searchsorted(np.asarray(limits, dtype=ends.dtype), ends)
    last = np.cumsum(plan.copies) - 1
    begin = last - plan.copies + 1
    if (stage[last] != stage[begin]).any():
        return None
    return np.asarray(stage[last], dtype=np.int64)


def plan_pairs(model: BatchModel, plan: Plan) -> Selection | None:
    """Return the pairs that a plan uses; None if it uses batches of no type."""
    typed = plan_types(model, plan)
    if typed is None:
        return None
    group = entry_groups(model.groups, plan)
    return Selection.of(typed[0][plan.entry_batch], group, len(model.groups))


def solution_of(formulation: Formulation, plan: Plan) -> Ints | None:
    """Return a plan as values of all columns.

    None if the formulation's pairs do not offer the plan, or if devices are told apart.
    """
    model, columns, selection = formulation.model, formulation.columns, formulation.selection
    typed = plan_types(model, plan)
    if typed is None:
        return None
    of_batch, running = typed
    width = len(model.groups)
    wanted = of_batch[plan.entry_batch] * width + entry_groups(model.groups, plan)
    keys = selection.pair_type * width + selection.pair_group
    place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    if (keys[place] != wanted).any():
        return None
    values = np.zeros(formulation.width, dtype=np.int64)
    np.add.at(values, columns.x[place], plan.entry_count * plan.copies[plan.entry_batch])
    chosen = selection.types
    z = columns.z[np.searchsorted(chosen, of_batch)]
    np.add.at(values, z, plan.copies)
    # Batches of a type that could be one batch are written as one, which costs and takes no more.
    values[[column for column in set(z.tolist()) if formulation.upper[column] == 1]] = 1
    pairs = zip(model.types.shape[of_batch].tolist(), model.types.stream[of_batch].tolist(), strict=True)
    for shape, stream in set(pairs):
        values[columns.use[shape, stream]] = 1
        values[columns.opened[shape]] = 1
    _count(formulation, values)
    for entry in running.cold_entry.tolist():
        column = columns.cold.get(int(place[entry]))
        if columns.cold and column is None:
            return None
        if column is not None:
            values[column] = 1
    return None if columns.device else values


def _count(formulation: Formulation, values: Ints) -> None:
    columns = formulation.columns
    opened = sum(int(values[column]) for column in columns.opened.values())
    most = min(formulation.model.most_shapes, len(columns.opened))
    if len(columns.count) == most:
        values[columns.count[:opened]] = 1
    elif len(columns.count):
        values[columns.count[opened]] = 1


def plan_of(formulation: Formulation, solution: Ints) -> Plan:
    """Return the plan that an integer solution describes."""
    model, selection, columns = formulation.model, formulation.selection, formulation.columns
    types = model.types
    amounts = solution[columns.x]
    run = np.flatnonzero(amounts > 0)
    chosen = np.unique(selection.pair_type[run])
    duration = types.duration[chosen].astype(np.float64)
    choices: list[BatchChoice] = []
    for index in chosen[np.lexsort((duration, types.stage[chosen]))].tolist():
        mine = run[selection.pair_type[run] == index]
        capacity = int(types.capacity[index])
        choice = BatchChoice(
            stream=int(types.stream[index]),
            shape=types.shapes[int(types.shape[index])],
            groups=selection.pair_group[mine],
            amounts=amounts[mine],
            batches=-(-int(amounts[mine].sum()) // capacity),
            capacity=capacity,
        )
        choices += _by_batch(choice, capacity) if columns.device else [choice]
    if columns.device:
        choices = _by_start(formulation, solution, choices)
    plan = assemble(model.instance, model.groups, choices)
    if not columns.cold or evaluate(model.instance, plan, model.groups).feasible:
        return plan
    return _with_cold_starts(formulation, solution, plan)


def _with_cold_starts(formulation: Formulation, solution: Ints, plan: Plan) -> Plan:
    """Let the cold starts fall where the solution says, not where they seem to do least harm."""
    model, selection = formulation.model, formulation.selection
    running = run_batches(model.instance, model.groups, plan)
    group, batch = entry_groups(model.groups, plan), plan.entry_batch
    entries: list[int] = []
    settled: set[int] = set()
    for position, column in formulation.columns.cold.items():
        if not solution[column] or column in settled:
            continue
        index = int(selection.pair_type[position])
        shape = model.types.shapes[int(model.types.shape[index])]
        found = (group == selection.pair_group[position]) & (plan.stream[batch] == model.types.stream[index])
        found &= (plan.prompt[batch] == shape.prompt) & (plan.gen[batch] == shape.gen)
        found &= plan.batch[batch] == shape.batch
        found &= running.longest_prompt[batch] <= model.types.prompt[index]
        found &= running.longest_gen[batch] <= model.types.gen[index]
        where = np.flatnonzero(found)
        if len(where):
            # The longest of these batches grows least.
            entries.append(int(where[np.argmax(running.duration[batch[where]])]))
            settled.add(column)
    if len(entries) < len(running.cold_batch):
        return plan
    return put_first(plan, running, np.asarray(entries, dtype=np.int64))


def _by_batch(choice: BatchChoice, capacity: int) -> list[BatchChoice]:
    """Return a choice of several batches as choices of one batch each."""
    ends = np.cumsum(choice.amounts)
    starts = ends - choice.amounts
    parts: list[BatchChoice] = []
    for low in range(0, int(ends[-1]), capacity):
        amounts = np.minimum(ends, low + capacity) - np.maximum(starts, low)
        parts.append(replace(choice, amounts=np.maximum(amounts, 0), batches=1))
    return parts


def _by_start(formulation: Formulation, solution: Ints, choices: list[BatchChoice]) -> list[BatchChoice]:
    """Return single batches, given by stage and duration, in the order in which the devices start them."""
    types = formulation.model.types
    chosen = np.unique(formulation.selection.pair_type[solution[formulation.columns.x] > 0])
    duration = types.duration[chosen].astype(np.float64)
    order = chosen[np.lexsort((duration, types.stage[chosen]))].tolist()
    free = [0] * formulation.model.instance.workers
    used = iter(choices)
    keyed: list[tuple[int, int, BatchChoice]] = []
    for index in order:
        devices = [
            device
            for device in range(len(free))
            for _ in range(int(solution[formulation.columns.device.get((index, device), 0)]))
            if (index, device) in formulation.columns.device
        ]
        mine = solution[formulation.columns.x][formulation.selection.pair_type == index]
        for number in range(-(-int(mine.sum()) // int(types.capacity[index]))):
            # Batches without a deadline run last, wherever there is room.
            device = devices[number] if number < len(devices) else free.index(min(free))
            keyed.append((free[device], len(keyed), next(used)))
            free[device] += int(types.duration[index])
    return [choice for _, _, choice in sorted(keyed, key=lambda item: item[:2])]
