"""Floors are asked of the whole instance and of each stream alone: which limits they face."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

from instances.cost import CountCost
from instances.instance import Instance
from instances.limits import Limits, percentile_name, percentile_quantile
from instances.metrics import REPORTED
from instances.named_limits import LimitName, named_limits
from instances.objective import MINIMIZED
from instances.question import Question

STRUCTURAL = ("max_shapes", "max_batch_size", "max_batch_tokens")
"""Limits that say what a plan is rather than how good it has to be; floors keep to them."""


@dataclass(frozen=True)
class Ask:
    """One floor to find: of a metric, of a stream or of all, and the limit that it faces, if any."""

    metric: str
    stream: int | None
    limit: Fraction | None


def asks(instance: Instance) -> list[Ask]:
    """Return the floors to find, streams first."""
    return [ask for scope in _scopes(instance) for ask in _of_scope(instance, scope)]


def _scopes(instance: Instance) -> list[int | None]:
    if len(instance.streams) > 1:
        return [*range(len(instance.streams)), None]
    return [None]


def _of_scope(instance: Instance, stream: int | None) -> Iterator[Ask]:
    faced = named_limits(instance)
    shares = sorted(
        {*REPORTED, *(share for name in faced if (share := percentile_quantile(name.metric)) is not None)}
    )
    for metric in (*MINIMIZED, *map(percentile_name, shares)):
        limit = faced.get(LimitName("max_shapes" if metric == "shapes" else metric, stream))
        if len(instance.streams) > 1:
            if percentile_quantile(metric) in REPORTED or metric in MINIMIZED or limit is not None:
                yield Ask(metric, stream, limit)
            continue
        own = faced.get(LimitName(metric, 0))
        if metric == "cost" and own is not None and shared_cost(instance):
            # The stream's own cost leaves out what all streams would share.
            yield Ask(metric, 0, own)
            own = None
        both = [value for value in (limit, own) if value is not None]
        yield Ask(metric, None, min(both) if both else None)


def shared_cost(instance: Instance) -> bool:
    """Tell whether a plan costs anything that is no stream's own."""
    cost = instance.cost
    return bool(cost.base or any(cost.count.coefficients()) or (cost.compile and cost.compile_per == "once"))


def alone(instance: Instance, stream: int) -> Instance:
    """Return the instance of one stream, whose metrics are those of the stream in the whole.

    What all streams share costs nothing here, limits of the whole on sizes of batches hold, and the number of
    shapes stays limited. A plan for all, restricted to the stream, is a plan for it.
    """
    cost = replace(
        instance.cost,
        base=Fraction(0),
        count=CountCost(),
        compile=instance.cost.compile if instance.cost.compile_per == "stream" else (),
    )
    sizes = Limits(
        max_batch_size=instance.limits.max_batch_size, max_batch_tokens=instance.limits.max_batch_tokens
    )
    return replace(
        instance,
        name=f"{instance.name}: {instance.streams[stream].name}",
        streams=(instance.streams[stream],),
        cost=cost,
        limits=sizes,
        max_shapes=instance.shape_limit,
    )


def structure_only(instance: Instance) -> Question:
    """Return the question that drops every limit but those of `STRUCTURAL`."""
    return Question(None, {name: None for name in named_limits(instance) if name.metric not in STRUCTURAL})
