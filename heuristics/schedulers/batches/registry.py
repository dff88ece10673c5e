"""The policies of model A by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from heuristics.schedulers.batches.dynamic import Dynamic
from heuristics.schedulers.batches.multi_bin import FIXED_EDGES, Choice, MultiBin
from heuristics.schedulers.batches.policy import BatchPolicy
from heuristics.schedulers.batches.sizing import Sizing
from heuristics.schedulers.batches.static_fifo import StaticFifo
from instances.errors import InputError


@dataclass(frozen=True)
class BatchOptions:
    """What the policies can be told; each takes what concerns it.

    Attributes
    ----------
    batch_size
        Of a full batch under ``static-fifo``.
    sizing
        How ``dynamic`` and ``multi-bin`` find batch sizes.
    edges, bins, choice
        Of ``multi-bin``, as in `MultiBin`.
    """

    batch_size: int = 8
    sizing: Sizing = Sizing()
    edges: tuple[int, ...] | None = FIXED_EDGES
    bins: int = 4
    choice: Choice = "round-robin"


class PolicyEntry(NamedTuple):
    """A policy as it is offered: one line about it, and how it is made."""

    summary: str
    make: Callable[[BatchOptions], BatchPolicy]


POLICIES: dict[str, PolicyEntry] = {
    "static-fifo": PolicyEntry(
        "one queue, up to a fixed number of requests per batch",
        lambda options: StaticFifo(options.batch_size),
    ),
    "dynamic": PolicyEntry(
        "one queue, as many requests as memory and the service level allow",
        lambda options: Dynamic(options.sizing),
    ),
    "multi-bin": PolicyEntry(
        "queues by predicted gen length, each with a dynamic batch size of its own",
        lambda options: MultiBin(options.edges, options.bins, options.choice, options.sizing),
    ),
}
"""Policy name to policy."""


def policy(name: str, options: BatchOptions = BatchOptions()) -> BatchPolicy:
    """Return a policy.

    Raises
    ------
    InputError
        If there is none of this name, or it cannot use its options.
    """
    if name not in POLICIES:
        raise InputError(f"one of {', '.join(POLICIES)}", name, field="policy")
    return POLICIES[name].make(options)
