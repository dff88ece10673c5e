"""A problem of model B, prepared: what each request takes of any device, and the least that it runs.

Spread the time of every round over the requests that run in it: to each its own prefill, its own share of
`per_request` and `per_held`, and of the fixed time the part λ/B + (1 − λ)h/M if it holds h tokens. At most
B requests run and at most M tokens are held, so these parts are 1 at most together, for every λ from 0 to 1.
Over the o rounds of a request that holds A = os + o(o + 1)/2 tokens in all, preempted or not, that makes

    w = prefill·s + per_request·o + per_held·A + fixed·(λo/B + (1 − λ)A/M).

Rounds take what the formula says or more, as they are rounded up to whole ns.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cached_property
from math import lcm

import numpy as np
import numpy.typing as npt

from instances.errors import InputError
from instances.exact import IntArray, magnitude, widened
from instances.serving import Arrivals, RoundDevice
from instances.serving.clock import NS_PER_MS
from milp.hindsight.problem import HindsightProblem
from milp.hindsight.units import UNITS

Ints = npt.NDArray[np.int64]

PARTS = 2**10
"""λ is a whole number of so many parts."""


class RoundCase:
    """What the bounds of model B share.

    Parameters
    ----------
    problem
        The problem; its device is a `RoundDevice`.

    Raises
    ------
    InputError
        If a request needs more memory than a device has.
    """

    def __init__(self, problem: HindsightProblem) -> None:
        if not isinstance(problem.device, RoundDevice):
            raise InputError("a device that works in rounds", type(problem.device).__name__)
        self.problem = problem
        self.device: RoundDevice = problem.device
        self.arrivals: Arrivals = problem.arrivals
        self.devices = problem.devices
        over = int((self.arrivals.tokens > self.device.kv_tokens).sum())
        if over:
            raise InputError(
                f"requests of at most {self.device.kv_tokens} tokens, as a device holds",
                f"{over} longer ones",
            )

    @cached_property
    def alone(self) -> Ints:
        """Time in ns that each request takes with a device to itself: int64, shape (requests,)."""
        lengths, row = np.unique(
            np.stack([self.arrivals.prompt, self.arrivals.gen]), axis=1, return_inverse=True
        )
        times = [self.device.stride(gen, prompt, 1, prompt + 1) for prompt, gen in lengths.T.tolist()]
        return np.array(times, dtype=np.int64)[row.reshape(-1)]

    @cached_property
    def held(self) -> IntArray:
        """A, the tokens that each request holds, summed over its rounds: shape (requests,)."""
        most = int(self.arrivals.tokens.max()) ** 2
        prompt, gen = widened(self.arrivals.prompt, most), widened(self.arrivals.gen, most)
        held: IntArray = gen * prompt + gen * (gen + 1) // 2
        return held

    def work(self, prices: tuple[int, ...]) -> IntArray:
        """Return the share of each request in units of 1/`UNITS` ns, rounded down: shape (requests,).

        Parameters
        ----------
        prices
            λ in `PARTS`; none is all of them, so that memory does not matter.

        Raises
        ------
        ValueError
            If λ is out of range, or there are several.
        """
        if len(prices) > 1 or any(not 0 <= part <= PARTS for part in prices):
            raise ValueError(f"at most one part of the fixed time, from 0 to {PARTS}, is expected")
        by_size = Fraction(prices[0] if prices else PARTS, PARTS)
        device, unit = self.device, UNITS * NS_PER_MS
        rates = [
            device.prefill * unit,
            (device.per_request + device.fixed * by_size / device.max_batch_size) * unit,
            (device.per_held + device.fixed * (1 - by_size) / device.kv_tokens) * unit,
        ]
        bottom = lcm(*(rate.denominator for rate in rates))
        tops = [int(rate * bottom) for rate in rates]
        columns = (self.arrivals.prompt, self.arrivals.gen, self.held)
        bound = sum(top * magnitude(column) for top, column in zip(tops, columns, strict=True))
        prompt, gen, held = (widened(column, bound) for column in columns)
        share: IntArray = (tops[0] * prompt + tops[1] * gen + tops[2] * held) // bottom
        return share

    def work_within(self, prices: tuple[int, ...], latency: Ints) -> IntArray:
        """Return `work`: requests on time run in rounds like all others."""
        return self.work(prices)
