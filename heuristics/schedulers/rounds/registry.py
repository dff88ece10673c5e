"""The policies of model B by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from heuristics.schedulers.rounds.in_order import fcfs, fcfs_held_now, mc_sf, shortest_first, smallest_volume
from heuristics.schedulers.rounds.policy import RoundPolicy
from heuristics.schedulers.rounds.priority import SERVICE_LEVEL, Priority, PriorityRules
from heuristics.schedulers.rounds.static_batching import StaticBatching
from instances.errors import InputError
from instances.serving.service_level import ServiceLevel


@dataclass(frozen=True)
class RoundOptions:
    """What the policies can be told; each takes what concerns it.

    Attributes
    ----------
    batch_size
        Most requests of a batch under ``static-batching``.
    priority
        The numbers of ``priority``.
    service_level
        What ``priority`` measures P99 by.
    seed
        Of the weighted choices of ``priority``.
    """

    batch_size: int = 8
    priority: PriorityRules = PriorityRules()
    service_level: ServiceLevel = SERVICE_LEVEL
    seed: int = 0


class PolicyEntry(NamedTuple):
    """A policy as it is offered: one line about it, and how it is made."""

    summary: str
    make: Callable[[RoundOptions], RoundPolicy]


POLICIES: dict[str, PolicyEntry] = {
    "static-batching": PolicyEntry(
        "batches of a fixed number that run until all of their requests are done",
        lambda options: partial(StaticBatching, batch_size=options.batch_size),
    ),
    "fcfs": PolicyEntry(
        "first come, first served, if memory suffices in all rounds to come", lambda options: fcfs
    ),
    "fcfs-held-now": PolicyEntry(
        "first come, first served, if memory suffices now; the latest are put back once it is full",
        lambda options: fcfs_held_now,
    ),
    "shortest-first": PolicyEntry(
        "shortest predicted gen first, memory reserved for full lengths", lambda options: shortest_first
    ),
    "mc-sf": PolicyEntry(
        "shortest predicted gen first, if memory suffices in all rounds to come", lambda options: mc_sf
    ),
    "smallest-volume": PolicyEntry(
        "fewest tokens held over all rounds first, if memory suffices in all rounds to come",
        lambda options: smallest_volume,
    ),
    "priority": PolicyEntry(
        "classes by weighted choice, a boost for the starving, preemption, a batch size that follows P99",
        lambda options: partial(
            Priority, rules=options.priority, service_level=options.service_level, seed=options.seed
        ),
    ),
}
"""Policy name to policy."""


def policy(name: str, options: RoundOptions = RoundOptions()) -> RoundPolicy:
    """Return a policy.

    Raises
    ------
    InputError
        If there is none of this name.
    """
    if name not in POLICIES:
        raise InputError(f"one of {', '.join(POLICIES)}", name, field="policy")
    return POLICIES[name].make(options)
