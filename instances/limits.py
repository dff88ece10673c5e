"""Limits on a plan, per stream or over the whole instance."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from instances.errors import InputError


@dataclass(frozen=True, order=True)
class LatencyLimit:
    """At least a share q of the requests has a latency of at most `most` (nearest rank).

    Parameters
    ----------
    most
        Longest latency allowed at the percentile, in milliseconds.
    quantile
        Share of requests, over 0 and at most 1; p95 is 19/20.
    """

    most: Fraction
    quantile: Fraction

    def __post_init__(self) -> None:
        if not 0 < self.quantile <= 1:
            raise InputError("a percentile over 0 and up to 100", str(self.quantile * 100))

    @property
    def name(self) -> str:
        """The metric's name, such as ``p95`` or ``p99.9``."""
        return percentile_name(self.quantile)

    def rank(self, requests: int) -> int:
        """Return ⌈q·N⌉: how many of `requests` must be on time."""
        return -(-self.quantile.numerator * requests // self.quantile.denominator)


_PERCENTILE = re.compile(r"p([0-9]{1,3}(?:\.[0-9]{1,10})?)", re.ASCII)


def percentile_quantile(name: str) -> Fraction | None:
    """Return 19/20 for ``p95``; None for what names no percentile."""
    match = _PERCENTILE.fullmatch(name)
    value = None if match is None else Fraction(match[1]) / 100
    return value if value is not None and 0 < value <= 1 else None


def percentile_name(quantile: Fraction) -> str:
    """Return ``p95`` for 19/20."""
    percent = quantile * 100
    if percent.denominator == 1:
        return f"p{percent.numerator}"
    return f"p{float(percent):.10g}"


@dataclass(frozen=True)
class Limits:
    """Upper limits; None means no limit.

    Parameters
    ----------
    cost
        Cost units.
    pad_ratio
        Padding over real tokens, or over all tokens: the instance says which.
    latency
        Percentile limits in milliseconds, in ascending order of `most`.
    total_time
        Sum of the batch durations, in milliseconds.
    batches
        Number of batches.
    max_batch_size
        Requests in one batch.
    max_batch_tokens
        Slots × (prompt side + decode steps) of one batch: KV memory, in tokens.
    """

    cost: Fraction | None = None
    pad_ratio: Fraction | None = None
    latency: tuple[LatencyLimit, ...] = ()
    total_time: Fraction | None = None
    batches: int | None = None
    max_batch_size: int | None = None
    max_batch_tokens: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "latency", tuple(sorted(self.latency)))
        for name in ("cost", "pad_ratio", "total_time"):
            value = getattr(self, name)
            if value is not None and value < 0:
                raise InputError("a limit of at least 0", str(value), field=name)
        for name in ("batches", "max_batch_size", "max_batch_tokens"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise InputError("an integer of at least 1", value, field=name)
        if len({limit.quantile for limit in self.latency}) < len(self.latency):
            raise InputError("each percentile once", field="latency")
