"""The few requests that no other of their stream exceeds: where batches are of any size, they decide alone.

Without a limit on the size of batches, whatever shares a batch with a longer request adds no batch, no shape
and no duration. Prices of the few, the others being worth nothing, are prices of the whole instance; the
verifier says what they prove there.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from heuristics import BatchChoice, Uncoverable, assemble
from instances.batch_model import BatchModel
from instances.demand import Demand
from instances.exact import IntArray
from instances.groups import Groups, form_groups
from instances.instance import Instance
from instances.least_cost import corners
from instances.plan import Plan
from instances.running import run_batches
from milp.lagrangian import Prices

SHIFT = 30
"""Bits by which prices get finer, so that a price divided among equal requests loses next to nothing."""


def maximal_requests(model: BatchModel) -> Instance:
    """Return the instance of one request of each group that no other of its stream holds."""
    streams = []
    for index, stream in enumerate(model.instance.streams):
        mine = model.groups.of_stream(index)
        prompt, gen = zip(*corners(model.groups.prompt[mine], model.groups.gen[mine]), strict=True)
        demand = Demand.from_histogram(prompt, gen, [1] * len(prompt))
        streams.append(replace(stream, demand=demand))
    return replace(model.instance, streams=tuple(streams))


def lifted_prices(model: BatchModel, few: BatchModel, prices: Prices) -> Prices:
    """Return prices of the whole instance from those of the few.

    The price of a group is divided among its requests, downwards; link prices upwards.

    Parameters
    ----------
    model, few
        Of the instance, and of its `maximal_requests`; neither has limit rows.
    prices
        Prices of the latter.
    """
    places = _places(model.groups)
    group: IntArray = np.zeros(len(model.groups), dtype=object)
    whole = [places[key] for key in _keys(few.groups)]
    count = model.groups.count[whole].tolist()
    for place, price, number in zip(whole, prices.group.tolist(), count, strict=True):
        group[place] = (price << SHIFT) // number
    shapes = {shape: index for index, shape in enumerate(model.types.shapes)}
    links: list[Any] = [
        -(-(price << SHIFT) // count[at])
        for at, price in zip(prices.link_group.tolist(), prices.link.tolist(), strict=True)
    ]
    return replace(
        prices,
        denominator=prices.denominator << SHIFT,
        group=group,
        link_group=np.asarray([whole[at] for at in prices.link_group.tolist()], dtype=np.int64),
        link_shape=np.asarray(
            [shapes[few.types.shapes[at]] for at in prices.link_shape.tolist()], dtype=np.int64
        ),
        link=np.asarray(links, dtype=object),
    )


def lifted_plan(model: BatchModel, few: Instance, plan: Plan) -> Plan | None:
    """Return the plan in which every request joins the first batch of a plan of the few that holds it.

    None if a batch has no room for them.
    """
    groups = model.groups
    running = run_batches(few, form_groups(few), plan)
    left = np.ones(len(groups), dtype=bool)
    choices = []
    for batch in range(len(plan)):
        holds = left & (groups.stream == plan.stream[batch])
        holds &= groups.prompt <= running.longest_prompt[batch]
        holds &= groups.gen <= running.longest_gen[batch]
        left &= ~holds
        mine = np.flatnonzero(holds)
        shape = plan.shapes[0]._replace(
            prompt=int(plan.prompt[batch]), gen=int(plan.gen[batch]), batch=int(plan.batch[batch])
        )
        choices.append(BatchChoice(int(plan.stream[batch]), shape, mine, groups.count[mine], 1))
    try:
        return assemble(model.instance, groups, choices)
    except Uncoverable:
        return None


def _keys(groups: Groups) -> list[tuple[int, int, int]]:
    columns = (groups.stream.tolist(), groups.prompt.tolist(), groups.gen.tolist())
    return list(zip(*columns, strict=True))


def _places(groups: Groups) -> dict[tuple[int, int, int], int]:
    return {key: place for place, key in enumerate(_keys(groups))}
