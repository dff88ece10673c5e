"""Limits by name: which there are, and the same instance with one of them changed.

A name is a metric and a place, ``p95:0`` for stream 0 and ``cost:all`` for the whole instance. Metrics are
``cost``, ``pad_ratio``, ``total_time``, ``batches``, percentiles (``p95``, ``p99.9``), ``max_batch_size``,
``max_batch_tokens`` and, for the whole instance only, ``max_shapes``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from instances.errors import InputError
from instances.instance import Instance
from instances.limits import LatencyLimit, Limits, percentile_quantile

RATIONAL = ("cost", "pad_ratio", "total_time")
WHOLE = ("batches", "max_batch_size", "max_batch_tokens")
SHAPES = "max_shapes"
EVERYWHERE = "all"


@dataclass(frozen=True)
class LimitName:
    """Which limit: its metric, and its stream, or None for the whole instance."""

    metric: str
    stream: int | None = None

    def __str__(self) -> str:
        return f"{self.metric}:{EVERYWHERE if self.stream is None else self.stream}"

    def words(self, instance: Instance) -> str:
        """Return the name for people, such as ``p95 of stream chat``."""
        if self.metric == SHAPES or (self.stream is None and len(instance.streams) == 1):
            return self.metric
        if self.stream is None:
            return f"{self.metric} of all streams"
        return f"{self.metric} of {instance.streams[self.stream].name}"


def limit_name(text: str) -> LimitName:
    """Return the name that a text such as ``p95:0`` or ``cost:all`` means.

    Raises
    ------
    InputError
        If it is none.
    """
    metric, _, place = text.partition(":")
    known = metric in (*RATIONAL, *WHOLE, SHAPES) or percentile_quantile(metric) is not None
    # Streams share their shapes, so these are limited everywhere or not at all.
    places = EVERYWHERE if metric == SHAPES else rf"{EVERYWHERE}|0|[1-9][0-9]{{0,5}}"
    if not known or not re.fullmatch(places, place, re.ASCII):
        raise InputError("a limit such as p95:0 or cost:all", text)
    return LimitName(metric, None if place == EVERYWHERE else int(place))


def named_limits(instance: Instance) -> dict[LimitName, Fraction]:
    """Return the limits that an instance has, streams first, with their values."""
    found: dict[LimitName, Fraction] = {}
    for stream, of_stream in enumerate(instance.streams):
        found |= {LimitName(metric, stream): value for metric, value in _values(of_stream.limits)}
    found |= {LimitName(metric): value for metric, value in _values(instance.limits)}
    if instance.max_shapes is not None:
        found[LimitName(SHAPES)] = Fraction(instance.max_shapes)
    return found


def _values(limits: Limits) -> Iterator[tuple[str, Fraction]]:
    for metric in (*RATIONAL, *WHOLE):
        value = getattr(limits, metric)
        if value is not None:
            yield metric, Fraction(value)
    for limit in limits.latency:
        yield limit.name, limit.most


def limited(instance: Instance, name: LimitName, value: Fraction | None) -> Instance:
    """Return the instance with one limit set to a value, or without it.

    Parameters
    ----------
    name
        Which limit.
    value
        Its new value; None removes it.

    Raises
    ------
    InputError
        If there is no such stream or the limit cannot have the value.
    """
    if name.metric == SHAPES:
        return replace(instance, max_shapes=_whole(name, value))
    if name.stream is None:
        return replace(instance, limits=_changed(instance.limits, name, value))
    if name.stream >= len(instance.streams):
        raise InputError(f"a stream from 0 to {len(instance.streams) - 1}", name.stream, field=str(name))
    streams = list(instance.streams)
    own = streams[name.stream]
    streams[name.stream] = replace(own, limits=_changed(own.limits, name, value))
    return replace(instance, streams=tuple(streams))


def _changed(limits: Limits, name: LimitName, value: Fraction | None) -> Limits:
    share = percentile_quantile(name.metric)
    if share is not None:
        others = tuple(limit for limit in limits.latency if limit.quantile != share)
        return replace(limits, latency=others if value is None else (*others, LatencyLimit(value, share)))
    changed: Any = _whole(name, value) if name.metric in WHOLE else value
    return replace(limits, **{name.metric: changed})


def _whole(name: LimitName, value: Fraction | None) -> int | None:
    if value is not None and value.denominator != 1:
        raise InputError("a whole number", str(value), field=str(name))
    return None if value is None else int(value)


def without_limits(instance: Instance, *kept: LimitName) -> Instance:
    """Return the instance without any limit but those to keep."""
    for name in named_limits(instance):
        if name not in kept:
            instance = limited(instance, name, None)
    return instance
