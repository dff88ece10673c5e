"""Random requests, devices and policies of model A for tests."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from hypothesis import strategies as st

from heuristics.schedulers.batches.controller import ControllerSettings
from heuristics.schedulers.batches.dynamic import Dynamic
from heuristics.schedulers.batches.memory import MemoryRule
from heuristics.schedulers.batches.multi_bin import MultiBin
from heuristics.schedulers.batches.policy import BatchPolicy
from heuristics.schedulers.batches.sizing import Sizing
from heuristics.schedulers.batches.static_fifo import StaticFifo
from instances.serving import Arrivals, BatchDevice

MS = 10**6


@st.composite
def traffic(draw: st.DrawFn, most: int = 40) -> Arrivals:
    """Draw requests; many arrive at the same ns, or just when a batch may finish."""
    size = draw(st.integers(1, most))
    gaps = draw(
        st.lists(st.sampled_from([0, 0, 1, MS, 3 * MS, 40 * MS, 10**9]), min_size=size, max_size=size)
    )
    lengths = st.lists(st.integers(1, 30), min_size=size, max_size=size)
    priority = draw(st.lists(st.integers(0, 2), min_size=size, max_size=size))
    return Arrivals.of(np.cumsum(gaps), draw(lengths), draw(lengths), priority)


@st.composite
def devices(draw: st.DrawFn) -> BatchDevice:
    """Draw a device that holds every request of `traffic`, some of them no two."""
    return BatchDevice(
        fixed=draw(st.sampled_from([Fraction(0), Fraction(1), Fraction(15), Fraction(1, 3)])),
        per_token=draw(st.sampled_from([Fraction(1), Fraction(3, 10), Fraction(1, 7)])),
        sharing=draw(st.sampled_from([Fraction(0), Fraction(2, 5), Fraction(5, 3)])),
        kv_tokens=draw(st.integers(60, 300)),
        max_batch_size=draw(st.integers(1, 12)),
    )


@st.composite
def sizings(draw: st.DrawFn) -> Sizing:
    """Draw how dynamic batch sizes are found."""
    overflow = draw(st.sampled_from([None, Fraction(1, 20), Fraction(2, 5)]))
    controller = ControllerSettings(
        target=draw(st.integers(1, 60 * MS)),
        tolerance=draw(st.integers(0, 10 * MS)),
        width=draw(st.integers(1, 6)),
        step=draw(st.integers(1, 3)),
        least=draw(st.integers(1, 3)),
        feedback=draw(st.sampled_from(["service", "latency"])),
    )
    return Sizing(
        MemoryRule(draw(st.sampled_from([Fraction(0), Fraction(1, 10), Fraction(1, 2)])), overflow),
        draw(st.sampled_from([None, controller])),
        draw(st.integers(1, 5)),
    )


@st.composite
def policies(draw: st.DrawFn) -> BatchPolicy:
    """Draw any policy with any settings."""
    sizing = draw(sizings())
    edges = st.lists(st.integers(1, 30), max_size=4, unique=True).map(lambda each: tuple(sorted(each)))
    return draw(
        st.one_of(
            st.builds(StaticFifo, st.integers(1, 9)),
            st.just(Dynamic(sizing)),
            st.builds(
                MultiBin,
                st.one_of(st.none(), edges),
                st.integers(1, 5),
                st.sampled_from(["round-robin", "longest-queue"]),
                st.just(sizing),
            ),
        )
    )
