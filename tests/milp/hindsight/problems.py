"""Small problems of model A, by hypothesis and by seed."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from hypothesis import strategies as st

from instances.serving import Arrivals, BatchDevice
from instances.serving.clock import NS_PER_MS
from instances.serving.service_level import ServiceLevel
from milp.hindsight.problem import HindsightProblem

QUANTILES = (Fraction(1, 2), Fraction(19, 20))


@st.composite
def problems(draw: st.DrawFn, most: int = 5) -> HindsightProblem:
    """Return a problem with up to so many requests; classes, memory and sharing of every kind."""
    count = draw(st.integers(1, most))

    def column(low: int, high: int) -> list[int]:
        return draw(st.lists(st.integers(low, high), min_size=count, max_size=count))

    arrival = [ms * NS_PER_MS + ns for ms, ns in zip(column(0, 40), column(0, 3), strict=True)]
    prompt, gen = column(1, 60), column(1, 9)
    longest = max(p + g for p, g in zip(prompt, gen, strict=True))
    device = BatchDevice(
        fixed=Fraction(draw(st.integers(0, 30)), 3),
        per_token=Fraction(draw(st.integers(1, 9)), 7),
        sharing=Fraction(draw(st.integers(0, 40)), 10),
        kv_tokens=longest + draw(st.integers(0, 120)),
        max_batch_size=draw(st.integers(1, 5)),
    )
    promised = draw(st.lists(st.integers(1, 120), min_size=1, max_size=3))
    level = ServiceLevel(tuple(ms * NS_PER_MS for ms in promised))
    arrivals = Arrivals.of(arrival, prompt, gen, column(0, 2))
    return HindsightProblem(arrivals, device, draw(st.integers(1, 2)), level)


def random_problem(seed: int, count: int, devices: int = 1) -> HindsightProblem:
    """Return a problem of requests that crowd the devices, with two classes."""
    rng = np.random.default_rng(seed)
    arrivals = Arrivals.of(
        rng.integers(0, 60 * count * NS_PER_MS // devices, count),
        rng.integers(10, 1000, count),
        rng.integers(1, 300, count),
        rng.integers(0, 2, count),
    )
    device = BatchDevice(kv_tokens=5000, max_batch_size=8)
    return HindsightProblem(arrivals, device, devices, ServiceLevel((400 * NS_PER_MS, 900 * NS_PER_MS)))
