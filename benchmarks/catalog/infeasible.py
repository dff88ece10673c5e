"""Family ``infeasible``: no plan meets the limits, for a different reason in each."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from benchmarks.catalog.small import FOUR, OTHERS, REQUEST, at_most, one, small, two
from instances.cost import CountCost
from instances.instance import Instance
from instances.shapes import RunRules, ShapeSpace, Sizes

ALL_SHAPE = RunRules(prefill_at="shape", decode_at="shape", gen_at="shape")


def infeasible() -> Iterator[Instance]:
    """Yield the instances of the family; each is named after its cause."""
    yield from _by_length()
    yield from _by_one_limit()
    yield from _by_two_limits()


def _by_length() -> Iterator[Instance]:
    prompts = Sizes(values=(8, 16, 24))
    yield small("prompt-not-covered", one(FOUR), shapes=ShapeSpace(prompts))
    yield small(
        "gen-not-covered", one(FOUR), shapes=ShapeSpace(Sizes(8), Sizes(values=(4, 7))), runs=ALL_SHAPE
    )
    yield small("memory-below-longest-request", one(FOUR, max_batch_tokens=35))
    batch = ShapeSpace(Sizes(8), batch=Sizes(values=(2, 4)))
    slots = RunRules(prefill_at="shape", decode_at="shape", batch_at="shape")
    yield small("memory-below-empty-slots", one(FOUR, max_batch_tokens=60), shapes=batch, runs=slots)


def _by_one_limit() -> Iterator[Instance]:
    # One request per batch in the least prompt size that holds it pads a fifth: no plan pads less.
    yield small("pad-ratio-below-floor", one(FOUR, pad_ratio="0.1"), runs=REQUEST)
    yield small("cost-below-optimum", one(FOUR, cost=50000))
    yield small("total-time-below-one-batch", one(FOUR, total_time=150), runs=REQUEST)
    yield small("percentile-below-longest", one(FOUR, p100=120), runs=REQUEST)
    yield small("cold-start-above-percentile", one(FOUR, p100=350), time={"cold_start": Fraction(400)})
    yield small("completion-before-work-ends", one(FOUR, p100=200), latency="completion")


def _by_two_limits() -> Iterator[Instance]:
    yield small("total-time-against-pad-ratio", one(FOUR, total_time=400, pad_ratio="0.25"), runs=REQUEST)
    yield small("total-time-against-batch-size", one(FOUR, total_time=400, max_batch_size=1), runs=REQUEST)
    yield small("shape-budget-against-pad-ratio", one(FOUR, pad_ratio="0.4"), max_shapes=1)
    yield small(
        "count-table-against-pad-ratio",
        one(FOUR, pad_ratio="0.4"),
        cost={"count": CountCost(table=(Fraction(0), Fraction(1)))},
    )
    yield small("shape-budget-over-streams", two(FOUR, OTHERS, other=at_most(pad_ratio="0.5")), max_shapes=1)
