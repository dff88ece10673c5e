"""Moves of shapes: one is added, dropped or swapped for another, and every pool follows."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from heuristics.local_search.ledger import COST, Ledger
from heuristics.local_search.pools import Pools, form_pools
from instances.groups import Groups
from instances.instance import Instance

Ints = npt.NDArray[np.int64]

REACH = (1, 2, 4, 8, 16)
"""Prompts on either side, in ascending order, that a shape may be swapped for."""

ADDED = 40
"""Prompts, evenly among all, that a shape may be added at."""

TRIED = 12
"""Most promising sets of shapes that are tried."""


def other_shapes(instance: Instance, groups: Groups, pools: Pools, ledger: Ledger) -> Iterator[Pools]:
    """Yield the pools of the more promising sets of shapes, for machines that compile prompts alone.

    A set of prompt sizes says where each request runs: in the least that holds it, with those that it shares
    a pool with now. Where gens are run as compiled, pools have shapes of their own, and merging, splitting
    and moving them is all there is to do.
    """
    if ledger.free or instance.runs.gen_at == "shape":
        return
    now = float(ledger.current[:, COST].sum()) + _opening(ledger, pools)
    options: list[tuple[float, int, Pools]] = []
    for sizes in _sets(np.unique(pools.shape[:, 0]), np.unique(groups.prompt)):
        moved = _moved(groups, pools, sizes)
        sums = ledger.sums(moved.stream, moved.shape, moved.longest, moved.requests)
        cost = float(sums[:, COST].sum()) + _opening(ledger, moved)
        if cost < now:
            options.append((cost, len(options), moved))
    for _, _, moved in sorted(options, key=lambda option: option[:2])[:TRIED]:
        yield moved


def _sets(opened: Ints, prompts: Ints) -> Iterator[Ints]:
    """Yield sets of prompt sizes that differ from the opened ones in one."""
    longest = prompts[-1:]
    for size in opened.tolist():
        others = opened[opened != size]
        yield np.union1d(others, longest)
        at = int(np.searchsorted(prompts, size))
        near = {at + sign * step for step in REACH for sign in (-1, 1)}
        for place in sorted(near & set(range(len(prompts)))):
            yield np.union1d(np.append(others, prompts[place]), longest)
    for place in np.unique(np.linspace(0, len(prompts) - 1, ADDED).astype(np.int64)).tolist():
        if prompts[place] not in opened:
            yield np.union1d(opened, prompts[place : place + 1])


def _moved(groups: Groups, pools: Pools, sizes: Ints) -> Pools:
    """Return the pools in which each request runs in the least prompt size that holds it."""
    prompt = sizes[np.searchsorted(sizes, pools.prompt)]
    keys = np.column_stack([pools.stream[pools.pool], pools.longest[pools.pool, 1], prompt])
    shape = pools.shape[pools.pool].copy()
    shape[:, 0] = prompt
    distinct, number = np.unique(np.column_stack([keys, shape[:, 1:]]), axis=0, return_inverse=True)
    declared = distinct[:, [2, 3, 4]]
    return form_pools(groups, distinct[:, 0], declared, number.ravel(), pools.group, pools.amount)


def _opening(ledger: Ledger, pools: Pools) -> float:
    """Return what the shapes of pools cost."""
    shapes = np.unique(pools.shape, axis=0)
    keys = np.unique(np.column_stack([pools.stream, pools.shape]), axis=0)
    paid = keys[:, 1:] if ledger.instance.cost.compile_per == "stream" else shapes
    return float(ledger.opening(paid).sum()) + ledger.count(len(shapes))
