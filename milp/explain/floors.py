"""How little of a metric a stream can have by itself: often that alone proves a limit to be too low.

What holds of one stream alone, with its own limits and those on shapes, holds of it beside others.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import cast

import numpy as np

from instances.batch_model import form_batch_model
from instances.instance import Instance
from instances.limits import Limits
from instances.named_limits import SHAPES, LimitName, limited, named_limits
from instances.objective import MINIMIZED, Minimized
from instances.plan import Plan
from milp.certificate import Certificate, Leaf, Split
from milp.engines.registry import EXACT
from milp.explain.moved import accepted, proof_from_bound, relabelled
from milp.explain.ticks import from_ticks, is_allowed, ticks_under
from milp.infeasible import prove_uncovered
from milp.lagrangian.prices import Prices
from milp.result import Result
from milp.search import Search
from milp.solving import conclude


@dataclass(frozen=True, eq=False)
class Floor:
    """What a metric of one stream, or of a whole instance, is at least under the other limits.

    Parameters
    ----------
    alone
        The instance that was bounded: the stream by itself, with the metric minimised and not limited.
    result
        Its outcome.
    """

    alone: Instance
    result: Result


class _Bounding(Search):
    """A search that spends no time on first plans."""

    def run_bound(self, plan: Plan | None, *, improve: bool) -> None:
        """Find the root's bound; to `improve`, plans and better bounds too."""
        uncovered = prove_uncovered(self.model)
        if uncovered is not None:
            self.tree, self.infeasible = uncovered, True
            return
        if plan is not None:
            self._offer(plan)
        root = self._root()
        if root.prices is not self.certified:
            self._certify_leaf(root.prices)
        if improve:
            self._run_engine(root)
            self._grow_tree(root)


def can_be_minimized(instance: Instance, name: LimitName) -> bool:
    """Tell whether a limited metric is one that an instance, or a stream of it alone, can minimise."""
    if name.metric == SHAPES:
        return True
    # A stream's own cost leaves out what the whole instance pays.
    return name.metric in MINIMIZED and (name.stream is None or name.metric != "cost")


def floor(
    asked: Instance,
    name: LimitName,
    *,
    time_limit: float,
    plan: Plan | None = None,
    improve: bool = False,
    workers: int = 2,
    seed: int = 0,
) -> Floor:
    """Bound a limited metric from below, its own limit left out.

    Parameters
    ----------
    asked
        The problem with the limits that hold.
    name
        The metric and its stream; one for which `can_be_minimized` holds.
    time_limit
        Seconds.
    plan
        A plan for the stream alone to start from.
    improve
        Whether to look for better plans and bounds than those of the root.
    workers, seed
        Threads and random seed of the engine.
    """
    metric = "shapes" if name.metric == SHAPES else name.metric
    freed = limited(asked, name, None)
    alone = replace(_alone(freed, name.stream), minimize=cast(Minimized, metric))
    search = _Bounding(alone, EXACT, time_limit, 0.0, workers, seed, None)
    search.run_bound(plan, improve=improve)
    return Floor(alone, conclude(search, search.incumbent.plan))


def _alone(instance: Instance, stream: int | None) -> Instance:
    """Return a stream by itself; limits over all streams do not bound what one has by itself less."""
    if stream is None or len(instance.streams) == 1:
        return instance
    return replace(instance, streams=(instance.streams[stream],), limits=_of_batches(instance.limits))


def _of_batches(limits: Limits) -> Limits:
    return Limits(max_batch_size=limits.max_batch_size, max_batch_tokens=limits.max_batch_tokens)


def floor_proofs(
    instance: Instance, asked: Instance, seconds: float, workers: int, seed: int
) -> Iterator[Certificate]:
    """Yield proofs that a limit is under what its metric is at least, the other limits given.

    Parameters
    ----------
    instance, asked
        The problem, and the problem with the limits that hold.
    seconds
        For each metric.
    workers, seed
        Threads and random seed of the engine.
    """
    for name in named_limits(asked):
        if name.metric != SHAPES and can_be_minimized(asked, name):
            found = floor(asked, name, time_limit=seconds, workers=workers, seed=seed)
            proof = proof_under(instance, asked, name, found)
            if proof is not None:
                yield proof


def proof_under(instance: Instance, asked: Instance, name: LimitName, found: Floor) -> Certificate | None:
    """Return the proof that the limit of an instance is under a floor; None if it is not, or cannot be shown.

    Parameters
    ----------
    instance, asked
        The problem, and the problem with the limits that hold, among them the one in question.
    name
        Which limit.
    found
        The floor of its metric.
    """
    bound, certificate = found.result.lower_bound, found.result.certificate
    limit = named_limits(asked)[name]
    if bound is None or certificate is None or limit >= bound or name.metric == SHAPES:
        return None
    own = name if len(found.alone.streams) == len(asked.streams) else LimitName(name.metric, 0)
    bounded = limited(found.alone, own, limit)
    proof = proof_from_bound(found.alone, certificate, found.alone, own, bounded)
    if proof is None:
        return None
    return lifted(instance, proof, bounded, name.stream or 0, asked)


def lifted(
    instance: Instance, proof: Certificate, alone: Instance, stream: int, asked: Instance
) -> Certificate | None:
    """Return a proof about one stream by itself as one about all streams; None if the verifier refuses it.

    What is priced is of that stream only: the others' requests are worth nothing, and nothing is paid for.
    """
    if len(alone.streams) == len(asked.streams):
        return accepted(instance, asked, proof)
    model, whole = form_batch_model(alone), form_batch_model(asked)
    start = int(whole.groups.start[stream])
    place = {shape: index for index, shape in enumerate(whole.types.shapes)}
    old = [row.label.replace(":0", f":{stream}") if row.stream == 0 else row.label for row in model.rows]
    new = [row.label for row in whole.rows]

    def moved(prices: Prices) -> Prices:
        group = np.zeros(len(whole.groups), dtype=prices.group.dtype)
        group[start : start + len(prices.group)] = prices.group
        shapes = [place.get(model.types.shapes[index], -1) for index in prices.link_shape.tolist()]
        return replace(
            relabelled(prices, old, new),
            group=group,
            link_group=prices.link_group + start,
            link_shape=np.asarray(shapes, dtype=np.int64),
        )

    def renamed(node: Split | Leaf) -> Split | Leaf:
        if isinstance(node, Leaf) or node.on not in ("batches", "requests"):
            return node
        return replace(node, of=(stream, *node.of[1:]))

    nodes = tuple(renamed(node) for node in proof.nodes)
    prices = tuple(moved(one) for one in proof.prices)
    return accepted(instance, asked, replace(proof, nodes=nodes, prices=prices))


def under(asked: Instance, name: LimitName, bound: Fraction) -> Fraction | None:
    """Return the largest value under a bound that a limit can have; None if it can have none."""
    value = from_ticks(asked, name, ticks_under(asked, name, bound))
    return value if is_allowed(name, value) else None
