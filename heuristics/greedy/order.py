"""The order of batches: it matters for completion times only."""

from __future__ import annotations

from heuristics.assemble import BatchChoice
from heuristics.room import capacity
from instances.groups import Groups
from instances.instance import Instance


def ordered(instance: Instance, groups: Groups, choices: list[BatchChoice]) -> list[BatchChoice]:
    """Put batches that finish many requests in little time first, where requests wait for each other."""
    if instance.latency == "service":
        return choices
    return sorted(choices, key=lambda choice: _time_per_request(instance, groups, choice))


def _time_per_request(instance: Instance, groups: Groups, choice: BatchChoice) -> float:
    rules, scale = instance.runs, instance.time_scale
    prompts, gens = groups.prompt[choice.groups], groups.gen[choice.groups]
    longest = prompts.max(keepdims=True)
    side, steps = longest.copy(), gens.max(keepdims=True)
    if rules.decode_at == "shape":
        side[:] = choice.shape.prompt
    if rules.gen_at == "shape":
        steps = steps.copy()
        steps[:] = choice.shape.gen
    if rules.prefill_at == "shape":
        longest[:] = choice.shape.prompt
    work = instance.time.work
    ticks = int(work.prefill_ticks(longest, scale)[0]) + int(work.decode_ticks(side, steps, scale)[0])
    time = ticks / scale + float(instance.time.batch)
    room = capacity(instance, choice.stream, choice.shape, int(prompts.max()), int(gens.max()))
    return time / max(1, min(room, int(choice.amounts.sum())))
