"""Proofs that too many requests are late whatever they are batched with."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from instances.batch_model import BatchModel
from instances.digest import digest
from instances.instance import Instance
from instances.limit_rows import LimitRow
from milp.certificate import Certificate, Leaf
from milp.explain.moved import accepted
from milp.lagrangian.prices import Prices


def lateness_proofs(instance: Instance, model: BatchModel) -> Iterator[Certificate]:
    """Yield proofs that a limit on a service latency cannot be met.

    With a price of 1 on the row −(requests on time) ≤ −need and of −1 on each request that some batch type
    serves on time, nothing gains from running anything, and L is what is needed less what can be on time.

    Parameters
    ----------
    instance
        The problem.
    model
        Batch model of the question about it.
    """
    for index, row in enumerate(model.rows):
        if row.kind != "latency":
            continue
        price = -_can_be_on_time(model, row).astype(np.int64)
        if int(price @ model.groups.count) - row.bound <= 0:
            continue
        limit = np.zeros(len(model.rows), dtype=np.int64)
        limit[index] = 1
        certificate = Certificate(
            instance=digest(model.instance),
            cost_scale=instance.cost_scale,
            time_scale=instance.time_scale,
            lower_bound=None,
            upper_bound=None,
            plan=None,
            nodes=(Leaf(0),),
            prices=(Prices(1, 1, price, limit, 0),),
        )
        proof = accepted(instance, model.instance, certificate)
        if proof is not None:
            yield proof


def _can_be_on_time(model: BatchModel, row: LimitRow) -> np.ndarray:
    """Tell for each group whether a batch type that it fits serves it within the row's threshold."""
    groups, types = model.groups, model.types
    on_time = np.zeros(len(groups), dtype=bool)
    for stream in range(len(model.instance.streams)):
        mine = types.stream == stream
        if row.stream not in (None, stream) or not mine.any():
            continue
        order = np.flatnonzero(mine)[np.argsort(types.unit_latency[mine], kind="stable")]
        own = groups.of_stream(stream)
        for index in range(own.start, own.stop):
            fits = types.prompt[order] >= groups.prompt[index]
            fits &= types.gen[order] >= groups.gen[index]
            first = int(fits.argmax())
            latency = int(types.unit_latency[order[first]]) + int(types.own_latency[index])
            on_time[index] = bool(fits[first]) and latency <= row.threshold
    return on_time
