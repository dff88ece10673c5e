"""Batch types: the finitely many kinds of batches that a best plan needs, with what each costs.

A batch is described by its stream, the shape that it declares, its longest aligned prompt, its longest gen
and (where latency means completion) the stage in which it ends. What one request of group i adds to a batch
of type b splits into a part of the request and a part of the type, ``own[i] + unit[b]``; what the batch adds
by itself is ``fixed[b]``. That separation is what makes exact bounds cheap.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from instances.cost import CostModel
from instances.cost_columns import CostColumns, split_cost
from instances.exact import IntArray, shifted
from instances.groups import Groups
from instances.instance import Instance
from instances.limit_rows import deadlines, limits_cost
from instances.objective import objective_model
from instances.shapes import Shape

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class BatchTypes:
    """Columns of shape (types,), sorted by stream, shape, prompt, gen, stage; and the split cost.

    The cost here is what the instance minimises, which may be another metric; see `limited`.

    Attributes
    ----------
    shapes
        The candidate shapes, in ascending order.
    stream, shape
        Stream index, and index into `shapes`.
    prompt, gen
        Bounds on the aligned prompt and on the gen length of its requests, in tokens.
    stage
        Index of the deadline by which the batch ends; 0 where latency means service.
    capacity
        Most requests in one batch; at most the requests of the stream.
    unit_cost, unit_tokens, unit_latency
        The type's part of what each request adds: cost ticks, padded tokens, time ticks.
    fixed_cost, fixed_tokens, duration
        What each batch adds: cost ticks, padded tokens, and its duration in time ticks.
    own_cost, own_tokens, own_latency
        Shape (groups,): the request's part, in the same units.
    open_once, open_stream
        Shape (shapes,): compile cost paid once per shape, and per stream that uses it, in cost ticks.
    limited
        The instance's own cost, where it is limited and something else is minimised.
    """

    shapes: tuple[Shape, ...]
    stream: Ints
    shape: Ints
    prompt: Ints
    gen: Ints
    stage: Ints
    capacity: Ints
    unit_cost: IntArray
    unit_tokens: IntArray
    unit_latency: IntArray
    fixed_cost: IntArray
    fixed_tokens: IntArray
    duration: IntArray
    own_cost: IntArray
    own_tokens: IntArray
    own_latency: IntArray
    open_once: tuple[int, ...]
    open_stream: tuple[int, ...]
    limited: CostColumns | None = None

    def __len__(self) -> int:
        return len(self.stream)

    def key(self, index: int) -> tuple[int, ...]:
        """Return (stream, P, G, B, prompt bound, gen bound, stage): the type's name outside this table."""
        shape = self.shapes[int(self.shape[index])]
        bounds = (self.prompt[index], self.gen[index], self.stage[index])
        return (int(self.stream[index]), *shape, *(int(bound) for bound in bounds))


def form_batch_types(instance: Instance, groups: Groups) -> BatchTypes:
    """Enumerate the tight batch types of an instance."""
    shapes = candidate_shapes(instance, groups)
    table = np.asarray(shapes, dtype=np.int64).reshape(-1, 3)
    columns = [_stream_types(instance, groups, table, k) for k in range(len(instance.streams))]
    stream, shape, prompt, gen = (np.concatenate(column) for column in zip(*columns, strict=True))
    stages = len(deadlines(instance)) + 1
    stage = np.tile(np.arange(stages, dtype=np.int64), len(stream))
    stream, shape, prompt, gen = (np.repeat(column, stages) for column in (stream, shape, prompt, gen))
    return _costed(instance, groups, shapes, table, (stream, shape, prompt, gen, stage))


def candidate_shapes(instance: Instance, groups: Groups) -> tuple[Shape, ...]:
    """Return the shapes among which an optimal plan can be found, in ascending order.

    A shape whose prompt (gen) size is the aligned length of no request that fits into it can be lowered to
    the next such size: it holds the same requests, nothing costs or takes more, and the number of shapes does
    not rise.

    If prompt is the only compiled dimension and running does not depend on it, each stream needs one shape:
    some shape Q of the plan holds its longest prompt. All its batches may declare the largest candidate up to
    Q, where the candidates are the streams' longest prompts; compile cost, shape count and cold starts do not
    rise.
    """
    space, rules = instance.shapes, instance.runs
    pairs: set[tuple[int, int]]
    if space.gen is None:
        longest = [int(groups.prompt[groups.of_stream(k)].max()) for k in range(len(instance.streams))]
        free = rules.prefill_at == "request" and rules.decode_at == "batch" and space.batch is None
        prompts = longest if free else groups.prompt.tolist()
        pairs = {(prompt, 0) for prompt in prompts}
    else:
        gen = space.gen.align(groups.gen)
        pairs = set(_tight_corners(groups.prompt, gen))
    batches = (0,) if space.batch is None else space.batch.values
    shapes = (Shape(prompt, gen, batch) for prompt, gen in pairs for batch in batches)
    return tuple(sorted(shape for shape in shapes if space.allows(shape)))


def _tight_corners(prompt: Ints, gen: Ints) -> Iterator[tuple[int, int]]:
    """Yield the (prompt, gen) bounds both of which some request within the bounds attains."""
    prompts, prompt_index = np.unique(prompt, return_inverse=True)
    gens, gen_index = np.unique(gen, return_inverse=True)
    least_gen = np.full(len(prompts), np.iinfo(np.int64).max)
    np.minimum.at(least_gen, prompt_index, gen)
    least_prompt = np.full(len(gens), np.iinfo(np.int64).max)
    np.minimum.at(least_prompt, gen_index, prompt)
    tight = (least_gen[:, None] <= gens[None, :]) & (least_prompt[None, :] <= prompts[:, None])
    p, g = np.nonzero(tight)
    return zip(prompts[p].tolist(), gens[g].tolist(), strict=True)


def prompt_bound_matters(instance: Instance) -> bool:
    """Tell whether the longest prompt of a batch changes its cost, memory or duration beyond its shape."""
    if instance.runs.decode_at == "batch":
        return True
    if instance.runs.prefill_at == "shape":
        return False
    limits = (instance.limits, *(stream.limits for stream in instance.streams))
    timed = instance.minimize == "total_time" or any(limit.total_time is not None for limit in limits)
    return timed or instance.latency == "completion"


def _stream_types(
    instance: Instance, groups: Groups, table: Ints, stream: int
) -> tuple[Ints, Ints, Ints, Ints]:
    """Return stream, shape, prompt and gen of the tight types of one stream.

    Every batch of a plan is of one type: the one whose bounds are its own longest prompt and gen. Hence
    bounds that no requests of the stream attain together are not needed.
    """
    mine = groups.of_stream(stream)
    prompt, gen = groups.prompt[mine], groups.gen[mine]
    if not prompt_bound_matters(instance):
        prompt = np.full_like(prompt, prompt.min())
    if instance.runs.gen_at == "shape":
        gen = np.full_like(gen, gen.min())
    corners = np.asarray(sorted(_tight_corners(prompt, gen)), dtype=np.int64)
    real_gen = groups.gen[mine]
    compiled = np.zeros(len(corners), dtype=np.int64)
    if instance.shapes.gen is not None:
        compiled = instance.shapes.gen.align(corners[:, 1])
    fits = corners[None, :, 0] <= table[:, None, 0]
    if instance.shapes.gen is not None:
        fits &= compiled[None, :] <= table[:, None, 1]
    shape, corner = np.nonzero(fits)
    bound_prompt, bound_gen = corners[corner, 0], corners[corner, 1]
    # A bound that does not matter is the shape's, so that every request the shape holds fits the type.
    if not prompt_bound_matters(instance):
        bound_prompt = table[shape, 0]
        if instance.runs.gen_at == "batch":
            keep = _attained(groups.prompt[mine], real_gen, bound_prompt, bound_gen)
            shape, bound_prompt, bound_gen = shape[keep], bound_prompt[keep], bound_gen[keep]
    if instance.runs.gen_at == "shape":
        bound_gen = table[shape, 1]
        if prompt_bound_matters(instance):
            keep = _attained(real_gen, groups.prompt[mine], bound_gen, bound_prompt)
            shape, bound_prompt, bound_gen = shape[keep], bound_prompt[keep], bound_gen[keep]
    return np.full(len(shape), stream, dtype=np.int64), shape, bound_prompt, bound_gen


def _attained(prompt: Ints, gen: Ints, bound_prompt: Ints, bound_gen: Ints) -> npt.NDArray[np.bool_]:
    """Tell for each pair of bounds whether a request of that gen has a prompt within the bound.

    With the arguments exchanged: whether one of that prompt has a gen within it.
    """
    gens, index = np.unique(gen, return_inverse=True)
    least = np.full(len(gens), np.iinfo(np.int64).max)
    np.minimum.at(least, index, prompt)
    attained: npt.NDArray[np.bool_] = least[np.searchsorted(gens, bound_gen)] <= bound_prompt
    return attained


def _costed(
    instance: Instance,
    groups: Groups,
    shapes: tuple[Shape, ...],
    table: Ints,
    columns: tuple[Ints, Ints, Ints, Ints, Ints],
) -> BatchTypes:
    stream, shape, prompt, gen, stage = columns
    rules, time, ts = instance.runs, instance.time, instance.time_scale
    declared, slots = table[shape, 0], table[shape, 2]
    side = prompt if rules.decode_at == "batch" else declared
    at_request = rules.prefill_at == "request"

    unit_tokens = gen if at_request else declared + gen
    fixed_tokens = np.zeros(len(stream), dtype=np.int64)
    if rules.batch_at == "shape":
        unit_tokens = unit_tokens - (declared + gen)
        fixed_tokens = slots * (declared + gen)

    unit_latency = shifted(time.work.decode_ticks(side, gen, ts), int(time.batch * ts))
    longest = time.work.prefill_ticks(prompt if at_request else declared, ts)
    duration = unit_latency + longest
    if not at_request:
        unit_latency = duration
    capacity = _capacity(instance, stream, slots, side + gen)
    usable = (capacity > 0) & _ends_in_time(instance, stage, duration)

    def split(model: CostModel, scale: int) -> CostColumns:
        return split_cost(instance, model, scale, groups, shapes, (side, gen, declared, slots), usable)

    cost = split(objective_model(instance.minimize, instance.cost), instance.objective_scale)
    apart = instance.minimize != "cost" and limits_cost(instance)
    none: IntArray = np.zeros(len(groups), dtype=np.int64)
    return BatchTypes(
        shapes,
        stream=stream[usable],
        shape=shape[usable],
        prompt=prompt[usable],
        gen=gen[usable],
        stage=stage[usable],
        capacity=capacity[usable],
        unit_cost=cost.unit,
        unit_tokens=unit_tokens[usable],
        unit_latency=unit_latency[usable],
        fixed_cost=duration[usable] if instance.minimize == "total_time" else cost.fixed,
        fixed_tokens=fixed_tokens[usable],
        duration=duration[usable],
        own_cost=cost.own,
        own_tokens=groups.prompt if at_request else none,
        own_latency=time.work.prefill_ticks(groups.prompt, ts) if at_request else none,
        open_once=cost.open_once,
        open_stream=cost.open_stream,
        limited=split(instance.cost, instance.cost_scale) if apart else None,
    )


def _capacity(instance: Instance, stream: Ints, slots: Ints, tokens: Ints) -> Ints:
    """Return the most requests per batch of each type; 0 if not even the batch itself fits."""
    capacity = np.empty(len(stream), dtype=np.int64)
    for index, of_stream in enumerate(instance.streams):
        mine = stream == index
        size, memory = instance.batch_limits(index)
        most = of_stream.demand.requests if size is None else min(size, of_stream.demand.requests)
        bound = np.full(int(mine.sum()), most, dtype=np.int64)
        if instance.shapes.batch is not None:
            bound = np.minimum(bound, slots[mine])
        if memory is not None:
            if instance.runs.batch_at == "shape":
                bound[slots[mine] * tokens[mine] > memory] = 0
            else:
                bound = np.minimum(bound, memory // tokens[mine])
        capacity[mine] = bound
    return capacity


def _ends_in_time(instance: Instance, stage: Ints, duration: IntArray) -> npt.NDArray[np.bool_]:
    """Tell whether a batch alone can end by the deadline of its stage; the last stage has none."""
    ends = np.ones(len(stage), dtype=bool)
    for index, deadline in enumerate(deadlines(instance)):
        ends &= (stage != index) | (duration <= deadline).astype(bool)
    return ends
