"""Chains: batch types of one shape and stream that hold more and more requests, valued together.

Types of one prompt bound, of one stage and without capacity are nested: those of a longer gen bound hold
what the shorter ones hold, and cost each request at least as much (cost, padding and time never fall along
the gen bounds, their weights are not negative, and a longer batch meets no further latency limit). A plan
runs each request once, so the types of a chain share it, where Σ min(0, τ_b) gives it to each of them. The
least value of batches of the chain that take at most the n_i requests of each group is found exactly: a
request goes to the first type run that holds it, if at all, so the types run cut the gens into intervals,

    V_b = f_b + min over types a shorter than b, or none, of [V_a + Σ_{i fits b, not a} n_i min(0, w_ib)],

and the chain is worth min(0, least V). It is at least Σ min(0, τ_b): V_b counts no request of a type that
τ_b does not. A type with τ_b ≥ 0 can be left out: without its batch and the requests in it a choice of
types is worth no more.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from instances.batch_model import BatchModel
from milp.lagrangian.batch_values import Priced
from milp.lagrangian.parts import parts

Array = npt.NDArray[Any]
Ints = npt.NDArray[np.int64]

BLOCK = 64
"""Types handled at once: neighbours, which the same few groups can make negative."""


@lru_cache(maxsize=4)
def chains(model: BatchModel) -> dict[tuple[int, int], Ints]:
    """Return the types of each (shape, stream) that form a chain of at least two, by ascending gen bound."""
    t = model.types
    found: dict[tuple[int, int], Ints] = {}
    if len(t) < 2 or int(t.stage.max()) > 0:
        return found
    requests = np.asarray([stream.demand.requests for stream in model.instance.streams])
    for pair, part in parts(t).items():
        unlimited = (t.capacity[part] >= requests[pair[1]]).all()
        # Types of a part are sorted by prompt bound, then by gen bound.
        if part.stop - part.start > 1 and unlimited and t.prompt[part.start] == t.prompt[part.stop - 1]:
            found[pair] = np.arange(part.start, part.stop)
    return found


def is_chained(model: BatchModel) -> bool:
    """Tell whether all types that share their shape and stream with others are in chains."""
    several = [pair for pair, part in parts(model.types).items() if part.stop - part.start > 1]
    return len(chains(model)) == len(several)


def chain_values(under_prices: Priced, batch_value: Array) -> dict[tuple[int, int], Any]:
    """Return the value of each chain that is not the plain sum of min(0, τ), by (shape, stream).

    Parameters
    ----------
    under_prices
        The batch model under exact prices, or under floats.
    batch_value
        Shape (types,): τ.
    """
    values: dict[tuple[int, int], Any] = {}
    for pair, types in chains(under_prices.model).items():
        kept = types[batch_value[types] < 0]
        if len(kept) > 1:
            values[pair] = _values(_served(under_prices, kept), under_prices.type_fixed[kept])[0].min()
    return values


def run_types(under_prices: Priced, batch_value: Array, types: Ints) -> Ints:
    """Return the types of a chain that its value runs, by ascending gen bound."""
    kept = types[batch_value[types] < 0]
    if not len(kept):
        return kept
    values, before = _values(_served(under_prices, kept), under_prices.type_fixed[kept])
    last, run = int(values.argmin()), []
    while last:
        run.append(last - 1)
        last = before[last - 1]
    return kept[run[::-1]]


def _served(under_prices: Priced, types: Ints) -> Array:
    """Return at [b, k] what the requests that fit one of the k shortest types are worth in type b, k ≤ b + 1.

    Values are sums over distinct groups, which `batch_values` forms as well, so its bound on magnitudes holds
    for them and for their differences.
    """
    model = under_prices.model
    t, g = model.types, model.groups
    groups = np.arange(len(g))[g.of_stream(int(t.stream[types[0]]))]
    groups = groups[g.prompt[groups] <= t.prompt[types[0]]]
    first = np.searchsorted(t.gen[types], g.gen[groups])
    held = first < len(types)
    groups, first = groups[held], first[held]
    # Of the types that hold a group the shortest is the cheapest: if it gains nothing, none does.
    bonus = sum(reward for _, reward in under_prices.on_time[int(t.stream[types[0]])])
    useful = (under_prices.type_unit[types][first] < under_prices.group_gain[groups] + bonus).astype(bool)
    groups, first = groups[useful], first[useful]
    order = np.argsort(first, kind="stable")
    groups, first = groups[order], first[order]
    served = np.zeros((len(types), len(types) + 1), dtype=under_prices.type_unit.dtype)
    for low in range(0, len(types), BLOCK):
        block = types[low : low + BLOCK]
        # Groups too long for the whole block, or that gain nothing in its cheapest type, only cost time.
        reach = int(np.searchsorted(first, low + len(block)))
        gains = under_prices.type_unit[block[0]] < under_prices.group_gain[groups[:reach]] + bonus
        some = np.flatnonzero(gains.astype(bool))
        if not len(some):
            continue
        starts = np.flatnonzero(np.diff(first[some], prepend=-1))
        count = g.count[groups[some]].astype(served.dtype)
        costs = np.minimum(under_prices.pair_costs(block, groups[some]), 0) * count
        served[low : low + BLOCK, first[some][starts] + 1] = np.add.reduceat(costs, starts, axis=1)
    return np.cumsum(served, axis=1, dtype=served.dtype, out=served)


def _values(served: Array, fixed: Array) -> tuple[Array, list[int]]:
    """Return V, with 0 for running nothing before it, and which entry of it each type follows."""
    values = np.zeros(len(fixed) + 1, dtype=served.dtype)
    room = np.empty_like(values)
    before: list[int] = []
    for b in range(len(fixed)):
        options = np.subtract(values[: b + 1], served[b, : b + 1], out=room[: b + 1])
        before.append(int(options.argmin()))
        values[b + 1] = options[before[-1]] + served[b, b + 1] + fixed[b]
    return values, before
