"""A plan as pools: requests of one stream that share batches of one shape."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from heuristics.assemble import BatchChoice, assemble
from heuristics.greedy.choices import declared
from heuristics.greedy.order import ordered
from heuristics.room import shape_is_free
from instances.groups import Groups
from instances.instance import Instance
from instances.plan import Plan
from instances.running import entry_groups, run_batches
from instances.shapes import Shape

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Pools:
    """Pools, and what each holds.

    Attributes
    ----------
    stream, shape
        int64, shape (pools,) and (pools, 3): stream index and declared shape.
    pool, group, amount
        int64, shape (entries,): pool, group and requests of each entry; a group is at most once in a pool.
    prompt, gen
        int64, shape (entries,): aligned prompt and gen of the entry's group.
    """

    stream: Ints
    shape: Ints
    pool: Ints
    group: Ints
    amount: Ints
    prompt: Ints
    gen: Ints

    def __len__(self) -> int:
        return len(self.stream)

    @cached_property
    def requests(self) -> Ints:
        """Requests in each pool."""
        total = np.zeros(len(self), dtype=np.int64)
        np.add.at(total, self.pool, self.amount)
        return total

    @cached_property
    def longest(self) -> Ints:
        """Longest aligned prompt and gen in each pool: int64, shape (pools, 2)."""
        longest = np.zeros((len(self), 2), dtype=np.int64)
        np.maximum.at(longest[:, 0], self.pool, self.prompt)
        np.maximum.at(longest[:, 1], self.pool, self.gen)
        return longest


def pools_of(instance: Instance, groups: Groups, plan: Plan) -> Pools:
    """Return the pools of a plan: its batches of equal stream, shape and lengths run at are one."""
    running = run_batches(instance, groups, plan)
    columns = [plan.stream, plan.prompt, plan.gen, plan.batch]
    columns += [running.decode_prompt] if instance.runs.decode_at == "batch" else []
    columns += [running.steps] if instance.runs.gen_at == "batch" else []
    keys, of_batch = np.unique(np.column_stack(columns), axis=0, return_inverse=True)
    pool = of_batch.ravel()[plan.entry_batch]
    amount = plan.entry_count * plan.copies[plan.entry_batch]
    return form_pools(groups, keys[:, 0], keys[:, 1:4], pool, entry_groups(groups, plan), amount)


def form_pools(groups: Groups, stream: Ints, shape: Ints, pool: Ints, group: Ints, amount: Ints) -> Pools:
    """Return pools of some entries: equal ones added up, pools without any left out."""
    key, entry = np.unique(pool * len(groups) + group, return_inverse=True)
    total = np.zeros(len(key), dtype=np.int64)
    np.add.at(total, entry.ravel(), amount)
    kept, number = np.unique(key // len(groups), return_inverse=True)
    group = key % len(groups)
    return Pools(
        stream[kept], shape[kept], number.ravel(), group, total, groups.prompt[group], groups.gen[group]
    )


def plan_of(instance: Instance, groups: Groups, pools: Pools) -> Plan:
    """Return the plan of some pools, in shapes as small as their pools allow.

    Raises
    ------
    Uncoverable
        If a batch holds no request.
    """
    order = np.argsort(pools.pool, kind="stable")
    ends = np.cumsum(np.bincount(pools.pool, minlength=len(pools)))[:-1]
    choices = [
        BatchChoice(stream, Shape(*shape), pools.group[part], pools.amount[part])
        for stream, shape, part in zip(
            pools.stream.tolist(), pools.shape.tolist(), np.split(order, ends), strict=True
        )
    ]
    if shape_is_free(instance) or instance.runs.batch_at == "actual":
        choices = declared(instance, groups, choices)
    return assemble(instance, groups, ordered(instance, groups, choices))


def changed(pools: Pools, groups: Groups, moves: Sequence[Change]) -> Pools:
    """Return the pools after some moves that concern different pools."""
    pool = pools.pool.copy()
    stream, shape = pools.stream.tolist(), pools.shape.tolist()
    for move in moves:
        for entries, target, size in zip(move.entries, move.targets, move.shapes, strict=True):
            if target < 0:
                stream.append(stream[int(pool[entries[0]])])
                shape.append(list(size))
                target = len(stream) - 1
            shape[target] = list(size)
            pool[entries] = target
    return form_pools(groups, np.asarray(stream), np.asarray(shape), pool, pools.group, pools.amount)


@dataclass(frozen=True, eq=False)
class Change:
    """Entries that go to pools, and the shapes of those pools from then on.

    Attributes
    ----------
    entries
        For each pool concerned, the entries that are in it afterwards, if they change pools, or some of it.
    targets
        The pools; −1 for a new one.
    shapes
        Their declared shapes.
    """

    entries: tuple[Ints, ...]
    targets: tuple[int, ...]
    shapes: tuple[tuple[int, int, int], ...]
