"""The padding budget of a stream or of all: what a limit allows, less what alignment takes."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from instances.budgets import (
    Alignment,
    BucketWidths,
    aligned_gens,
    alignment,
    bucket_widths,
    padding_budget,
    ratio_of,
)
from instances.instance import Instance


@dataclass(frozen=True)
class Padding:
    """Padding of a stream, or of all with stream None.

    Parameters
    ----------
    stream
        Stream index, or None.
    alignment
        What no plan avoids.
    least_ratio
        The pad ratio of alignment alone.
    limit
        Limit on the pad ratio; None without one.
    budget
        Padding that the limit allows, in tokens; None if any is.
    widths
        How wide gen buckets may be for what alignment leaves; None without a budget, if nothing is left, or
        where the gen that runs is compiled.
    """

    stream: int | None
    alignment: Alignment
    least_ratio: Fraction
    limit: Fraction | None
    budget: int | None
    widths: BucketWidths | None

    @property
    def left(self) -> int | None:
        """Tokens of padding that remain for decoding in batches (and empty slots); below 0 none does."""
        return None if self.budget is None else self.budget - self.alignment.tokens


def padding(instance: Instance, stream: int | None = None) -> Padding:
    """Return the padding budget of a stream, or of all with None."""
    aligned = alignment(instance, stream)
    streams = instance.streams if stream is None else (instance.streams[stream],)
    limit = (instance.limits if stream is None else streams[0].limits).pad_ratio
    budget = None if limit is None else padding_budget(instance, limit, aligned.real_tokens)
    widths = None
    if budget is not None and budget >= aligned.tokens and instance.runs.gen_at == "batch":
        gen = np.concatenate([aligned_gens(instance, one.demand.gen) for one in streams])
        count = np.concatenate([one.demand.count for one in streams])
        widths = bucket_widths(gen, count, budget - aligned.tokens)
    return Padding(
        stream, aligned, ratio_of(instance, aligned.tokens, aligned.real_tokens), limit, budget, widths
    )
