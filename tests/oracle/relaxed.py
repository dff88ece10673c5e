"""An instance without one of its limits, to see whether that limit binds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace
from typing import Any

from instances.instance import Instance
from instances.limits import Limits


def relaxations(instance: Instance) -> Iterator[tuple[str, Instance]]:
    """Yield, for each limit of the instance, its name and the instance without it."""
    if instance.max_shapes is not None:
        yield "max_shapes", replace(instance, max_shapes=None)
    for name, without in _dropped(instance.limits):
        yield name, replace(instance, limits=without)
    for index, stream in enumerate(instance.streams):
        for name, without in _dropped(stream.limits):
            streams = list(instance.streams)
            streams[index] = replace(stream, limits=without)
            yield f"{stream.name}: {name}", replace(instance, streams=tuple(streams))


def _dropped(limits: Limits) -> Iterator[tuple[str, Limits]]:
    for limit in limits.latency:
        kept = tuple(other for other in limits.latency if other is not limit)
        yield limit.name, replace(limits, latency=kept)
    for field in fields(limits):
        if field.name != "latency" and getattr(limits, field.name) is not None:
            none: dict[str, Any] = {field.name: None}
            yield field.name, replace(limits, **none)
