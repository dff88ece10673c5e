"""Padding budgets against counting request by request and width by width."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from instances.budgets import SAFETY, alignment, bucket_widths, padding_budget, ratio_of
from instances.metrics import evaluate
from tests.oracle.definition import aligned
from tests.strategies import SEEDS, instances, random_plan

HISTOGRAMS = st.dictionaries(st.integers(1, 60), st.integers(1, 9), min_size=1, max_size=12)


@settings(max_examples=25)
@given(instances(requests=5))
def test_alignment_is_what_each_request_is_padded_by_alone(instance):
    """Tokens added to each request, one by one, sum up to the alignment padding of its stream."""
    total = 0
    for index, stream in enumerate(instance.streams):
        demand = stream.demand
        expected = 0
        for p, g, n in zip(demand.prompt.tolist(), demand.gen.tolist(), demand.count.tolist(), strict=True):
            expected += n * ((aligned(instance.shapes.prompt, p) or p) - p)
            if instance.runs.gen_at == "shape":
                expected += n * ((aligned(instance.shapes.gen, g) or g) - g)
        assert alignment(instance, index).tokens == expected
        total += expected
    whole = alignment(instance)
    assert (whole.tokens, whole.requests) == (total, instance.requests)


@settings(max_examples=25)
@given(instances(requests=5), SEEDS)
def test_no_plan_has_less_padding_than_alignment(instance, seed):
    """The pad ratio of alignment alone is a floor of every plan's, per stream and in all."""
    plan = random_plan(instance, seed)
    if plan is None:
        return
    evaluation = evaluate(instance, plan)
    scopes = [*range(len(instance.streams)), None]
    for scope, metrics in zip(scopes, (*evaluation.streams, evaluation.total), strict=True):
        least = alignment(instance, scope)
        assert ratio_of(instance, least.tokens, least.real_tokens) <= metrics.pad_ratio


@settings(max_examples=25)
@given(instances(), st.fractions(0, 2, max_denominator=30))
def test_the_budget_is_the_most_padding_within_the_ratio(instance, ratio):
    """That much padding keeps to the limit and a token more does not."""
    for over in ("real", "padded"):
        asked = replace(instance, pad_over=over)
        real = asked.real_tokens
        budget = padding_budget(asked, ratio, real)
        if budget is None:
            assert over == "padded"
            assert ratio >= 1
            continue
        assert ratio_of(asked, budget, real) <= ratio < ratio_of(asked, budget + 1, real)


@given(HISTOGRAMS, st.integers(-5, 400), st.integers(0, 30))
def test_safe_buckets_keep_to_the_budget(histogram, budget, offset):
    """Buckets of the safe width, wherever they start, pad no more than the budget, whatever the gens are."""
    gen = np.asarray(list(histogram), dtype=np.int64)
    count = np.asarray(list(histogram.values()), dtype=np.int64)
    width = bucket_widths(gen, count, budget).safe
    bucket = (gen + offset) // width
    padded = sum(
        int(n) * (int(gen[bucket == b].max()) - int(g)) for g, n, b in zip(gen, count, bucket, strict=True)
    )
    assert padded <= max(0, budget)


@given(HISTOGRAMS, st.integers(0, 400))
def test_widths_by_trying_every_one(histogram, budget):
    """The fullest bucket and the rule of thumb are what their definitions say."""
    gen = np.asarray(list(histogram), dtype=np.int64)
    count = np.asarray(list(histogram.values()), dtype=np.int64)

    def most(width):
        return max(sum(n for g, n in histogram.items() if start <= g < start + width) for start in histogram)

    widest = max(gen) - min(gen) + 1
    kept = [w for w in range(1, widest + 1) if most(w) * (w - 1) <= budget]
    found = bucket_widths(gen, count, budget)
    assert found.fullest == max(kept)
    assert found.even == 1 + SAFETY * 2 * budget // sum(histogram.values())
    assert found.safe - 1 == Fraction(budget, sum(histogram.values())) // 1
