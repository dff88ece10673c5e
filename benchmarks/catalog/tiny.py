"""Family ``tiny``: seven requests or fewer, one instance per flag, limit and kind of cost."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from benchmarks.catalog.small import FOUR, OTHERS, REQUEST, SEVEN, at_most, histogram, one, small, two
from instances.cost import CountCost, Monomial, Phases
from instances.instance import Instance
from instances.shapes import RunRules, ShapeSpace, Sizes

GEN = ShapeSpace(Sizes(8), Sizes(4))
BATCH = ShapeSpace(Sizes(8), batch=Sizes(values=(1, 2, 4)))
PROMPTS = (5, 12, 22, 40)
TOKENS: dict[str, Any] = {
    "work": Phases((Fraction(0), Fraction(1), Fraction(0)), (Fraction(0), Fraction(0), Fraction(1))),
    "batch": Fraction(0),
    "compile": (),
}
ALL_SHAPE = RunRules(prefill_at="shape", decode_at="shape", gen_at="shape")
SLOTS = RunRules(prefill_at="shape", decode_at="shape", batch_at="shape")


def tiny() -> Iterator[Instance]:
    """Yield the instances of the family; each is named after what it exercises."""
    yield from _shapes()
    yield from _capacity()
    yield from _sums()
    yield from _latency()
    yield from _combined()


def _shapes() -> Iterator[Instance]:
    yield small("static-graph", one(SEVEN), runs=REQUEST)
    yield small("honest-static-graph", one(SEVEN))
    yield small("max-shapes", one(SEVEN), max_shapes=1)
    yield small("two-streams-share-shapes", two(FOUR, OTHERS), max_shapes=2)
    yield small("compile-once", two(FOUR, OTHERS), cost={"compile_per": "once"})
    yield small("prompt-list", one(SEVEN), shapes=ShapeSpace(Sizes(values=PROMPTS)))
    yield small("prefill-at-shape", one(SEVEN), runs=RunRules(prefill_at="shape"))
    yield small("decode-at-shape", one(SEVEN), runs=RunRules(decode_at="shape"))
    yield small(
        "gen-list-decoded-to-batch",
        one(SEVEN),
        shapes=ShapeSpace(Sizes(8), Sizes(values=(4, 10, 12))),
        cost={"compile": (Monomial(Fraction(30), prompt=1, gen=1),)},
    )
    yield small(
        "gen-at-shape",
        one(SEVEN),
        shapes=GEN,
        runs=ALL_SHAPE,
        cost={"compile": (Monomial(Fraction(4), prompt=1, gen=2),)},
    )
    yield small("histogram", one(histogram((5, 3, 2), (12, 4, 3), (30, 5, 2))))
    yield small(
        "token-count-quadratic",
        one(SEVEN),
        shapes=GEN,
        runs=ALL_SHAPE,
        pad_over="padded",
        cost={**TOKENS, "base": Fraction(1000), "count": CountCost(Fraction("2.5"))},
    )
    yield small(
        "token-count-table-convex",
        one(SEVEN),
        shapes=GEN,
        runs=ALL_SHAPE,
        pad_over="padded",
        cost={**TOKENS, "count": CountCost(table=tuple(map(Fraction, ("0", "4", "10.5", "20", "40"))))},
    )
    yield small(
        "token-count-table-nonconvex",
        one(SEVEN),
        shapes=GEN,
        runs=ALL_SHAPE,
        pad_over="padded",
        cost={
            **TOKENS,
            "count": CountCost(table=tuple(map(Fraction, ("0", "25", "60", "60.25", "61.1", "99")))),
        },
    )
    yield small(
        "decimals",
        one(FOUR),
        cost={
            "work": Phases(
                (Fraction("0.3"), Fraction("1.7"), Fraction("0.01")),
                (Fraction("0.125"), Fraction(0), Fraction("2.0003")),
            ),
            "batch": Fraction("333.3"),
            "base": Fraction("0.7"),
        },
    )


def _capacity() -> Iterator[Instance]:
    yield small("max-batch-size", one(SEVEN, max_batch_size=2))
    yield small("max-batch-tokens", one(SEVEN, max_batch_tokens=80))
    yield small("max-batch-tokens-all-streams", two(FOUR, OTHERS), limits=at_most(max_batch_tokens=70))
    yield small("max-batch-tokens-at-shape", one(SEVEN, max_batch_tokens=100), shapes=GEN, runs=ALL_SHAPE)
    yield small(
        "batch-compiled",
        one(SEVEN),
        shapes=BATCH,
        cost={"compile": (Monomial(Fraction(70), prompt=1, batch=1),)},
    )
    yield small("batch-at-shape", one(SEVEN), shapes=BATCH, runs=SLOTS)
    yield small("batch-at-shape-max-batch-tokens", one(SEVEN, max_batch_tokens=80), shapes=BATCH, runs=SLOTS)
    yield small(
        "batch-at-shape-max-batch-size",
        one(SEVEN),
        shapes=BATCH,
        runs=SLOTS,
        limits=at_most(max_batch_size=1),
    )


def _sums() -> Iterator[Instance]:
    yield small("pad-ratio-real", one(SEVEN, pad_ratio="0.25"))
    yield small("pad-ratio-padded", one(SEVEN, pad_ratio="0.2"), pad_over="padded")
    yield small("pad-ratio-all-streams", two(FOUR, OTHERS), limits=at_most(pad_ratio="0.28"))
    yield small("pad-ratio-empty-slots", one(SEVEN, pad_ratio="0.2"), shapes=BATCH, runs=SLOTS)
    yield small("total-time", one(SEVEN, total_time=500), runs=REQUEST)
    yield small("total-time-all-streams", two(FOUR, OTHERS), runs=REQUEST, limits=at_most(total_time=600))
    yield small("cold-start-total-time", one(SEVEN, total_time=900), time={"cold_start": Fraction(300)})
    yield small(
        "cold-start-hidden", one(SEVEN, total_time=432), runs=REQUEST, time={"cold_start": Fraction(12)}
    )
    yield small("stream-cost", two(FOUR, OTHERS, at_most(cost=78000)), max_shapes=2)


def _latency() -> Iterator[Instance]:
    yield small("p75", one(SEVEN, p75=230))
    yield small("p50-and-p75", one(SEVEN, p50=150, p75=290))
    yield small("percentile-all-streams", two(FOUR, OTHERS), limits=at_most(p80=250))
    yield small("cold-start-percentile", one(SEVEN, p75=380), time={"cold_start": Fraction(400)})
    yield small("completion", one(SEVEN, p50=200), latency="completion", time={"cold_start": Fraction(0)})
    yield small("completion-cold-start", one(SEVEN, p50=270), latency="completion")
    yield small("completion-two-percentiles", one(SEVEN, p50=250, p100=620), latency="completion")
    yield small("completion-two-workers", one(FOUR, p75=285), latency="completion", workers=2)
    yield small(
        "completion-two-streams", two(FOUR, OTHERS, at_most(p75=450), at_most(p50=400)), latency="completion"
    )


def _combined() -> Iterator[Instance]:
    yield small(
        "pad-ratio-time-percentile-shapes",
        two(FOUR, OTHERS, at_most(pad_ratio="0.5", total_time=420), at_most(pad_ratio=1, p75=270)),
        max_shapes=3,
    )
    yield small(
        "padded-batch-pad-ratio-and-time",
        one(SEVEN, pad_ratio="0.25", total_time=850),
        shapes=BATCH,
        runs=SLOTS,
    )
