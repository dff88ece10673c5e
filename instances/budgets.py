"""Padding: what no plan can avoid, what a limit allows, and how wide gen buckets may be for the rest.

Derivations are in docs/analysis.md. Everything is exact: tokens are ints, ratios and limits are Fractions.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from instances.exact import exact_dot
from instances.instance import Instance
from instances.limit_rows import token_budget

Ints = npt.NDArray[np.int64]

SAFETY = Fraction(4, 5)
"""Share of the even width that is used: gens are not spread evenly over a bucket."""


@dataclass(frozen=True)
class Alignment:
    """Padding that alignment alone makes of requests, whatever the plan, in tokens.

    Parameters
    ----------
    requests, real_tokens
        How many requests, and their tokens without padding.
    prompt, gen
        Padding of prompts up to allowed sizes, and of gens where decoding runs at the shape's gen.
    """

    requests: int
    real_tokens: int
    prompt: int
    gen: int

    @property
    def tokens(self) -> int:
        """Both together."""
        return self.prompt + self.gen


def alignment(instance: Instance, stream: int | None = None) -> Alignment:
    """Return the alignment padding of a stream, or of all with None.

    Prefill runs at the request's aligned prompt or at a shape's that is at least as long, so every plan has
    this padding. Empty slots of compiled batch sizes are not counted: some demands fill every slot.
    """
    streams = instance.streams if stream is None else (instance.streams[stream],)
    prompt = gen = 0
    for one in streams:
        demand = one.demand
        prompt += exact_dot(aligned_prompts(instance, demand.prompt) - demand.prompt, demand.count)
        gen += exact_dot(aligned_gens(instance, demand.gen) - demand.gen, demand.count)
    requests = sum(one.demand.requests for one in streams)
    return Alignment(requests, sum(one.demand.real_tokens for one in streams), prompt, gen)


def aligned_prompts(instance: Instance, prompt: Ints) -> Ints:
    """Return the least prompt size at which each request can run; itself where no size holds it."""
    return instance.shapes.prompt.align(prompt)


def aligned_gens(instance: Instance, gen: Ints) -> Ints:
    """Return the least number of decode steps of each request: aligned only where the shape's gen is run."""
    runs_at_shape = instance.runs.gen_at == "shape" and instance.shapes.gen is not None
    return instance.shapes.gen.align(gen) if runs_at_shape and instance.shapes.gen is not None else gen


def ratio_of(instance: Instance, padding: int, real_tokens: int) -> Fraction:
    """Return the pad ratio of so much padding, by the instance's definition."""
    return Fraction(padding, real_tokens if instance.pad_over == "real" else real_tokens + padding)


def padding_budget(instance: Instance, pad_ratio: Fraction, real_tokens: int) -> int | None:
    """Return the most padding that a pad ratio allows, in tokens; None if any is.

    ⌊ρR⌋ over R real tokens, ⌊R/(1 − ρ)⌋ − R over all tokens.
    """
    allowed = token_budget(instance, pad_ratio, real_tokens)
    return None if allowed is None else allowed - real_tokens


@dataclass(frozen=True)
class BucketWidths:
    """How wide gen buckets may be so that the padding of gens stays within a budget, in tokens.

    A bucket of width w holds the gens of w consecutive lengths; its longest is at most w − 1 over any other.

    Parameters
    ----------
    even
        For gens spread evenly over each bucket, with `SAFETY`: a rule of thumb.
    safe
        Buckets no wider than this keep to the budget, all of them together, whatever the gens are.
    fullest
        A single bucket no wider than this keeps to it, wherever it is.
    """

    even: int
    safe: int
    fullest: int


def bucket_widths(gen: Ints, count: Ints, budget: int) -> BucketWidths:
    """Return how wide gen buckets may be.

    Parameters
    ----------
    gen, count
        int64, shape (rows,): lengths, and requests of each.
    budget
        Padding that gens may have, in tokens; a negative one counts as 0.
    """
    budget = max(0, budget)
    requests = sum(count.tolist())
    return BucketWidths(
        even=int(SAFETY * Fraction(2 * budget, requests)) + 1,
        safe=budget // requests + 1,
        fullest=_fullest(gen, count, budget),
    )


def _fullest(gen: Ints, count: Ints, budget: int) -> int:
    """Return the largest w with n(w)·(w − 1) ≤ budget, n(w) being the most requests of w consecutive gens."""
    lengths, row = np.unique(gen, return_inverse=True)
    number = np.zeros(len(lengths), dtype=np.int64)
    np.add.at(number, row, count)
    before = np.concatenate([[0], np.cumsum(number)])

    def most(width: int) -> int:
        ends = np.searchsorted(lengths, lengths + width)
        return int((before[ends] - before[:-1]).max())

    # n(w) never falls, so the product rises with w; beyond the whole range nothing is padded by more.
    low, high = 1, int(lengths[-1] - lengths[0]) + 1
    while low < high:
        middle = (low + high + 1) // 2
        if most(middle) * (middle - 1) <= budget:
            low = middle
        else:
            high = middle - 1
    return low
