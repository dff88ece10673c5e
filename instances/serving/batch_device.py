"""Model A: a device that runs one batch at a time, each to its completion."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import lcm

import numpy as np
import numpy.typing as npt

from instances.errors import InputError
from instances.exact import widened
from instances.serving.clock import NS_PER_MS

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class BatchDevice:
    """T(b, L) = α + βL(1 + γ(b−1)/b) for b requests whose longest has L tokens, rounded up to nanoseconds.

    Attributes
    ----------
    fixed
        α ≥ 0 in ms.
    per_token
        β > 0 in ms per token.
    sharing
        γ ≥ 0: how much slower a full device is than a single request.
    kv_tokens
        η: most tokens, prompt + gen, of all requests of a batch together.
    max_batch_size
        Most requests of a batch.
    """

    fixed: Fraction = Fraction(15)
    per_token: Fraction = Fraction(3, 10)
    sharing: Fraction = Fraction(2, 5)
    kv_tokens: int = 100_000
    max_batch_size: int = 64

    def __post_init__(self) -> None:
        if self.fixed < 0 or self.per_token <= 0 or self.sharing < 0:
            found = f"{self.fixed}, {self.per_token} and {self.sharing}"
            raise InputError("fixed ≥ 0, per_token > 0 and sharing ≥ 0", found)
        if self.kv_tokens < 1 or self.max_batch_size < 1:
            found = f"{self.kv_tokens} and {self.max_batch_size}"
            raise InputError("kv_tokens and max_batch_size of at least 1", found)

    def duration(self, size: int, longest: int) -> int:
        """Return T in ns of a batch of `size` requests whose longest has `longest` tokens in all."""
        slope, start, bottom = self.line(size)
        return -(-(slope * longest + start) // bottom)

    def line(self, size: int) -> tuple[int, int, int]:
        """Return T of batches of one size as a line in L: whole (p, q, r) with T = ⌈(pL + q)/r⌉ ns."""
        slope = self.per_token * (1 + self.sharing * Fraction(size - 1, size)) * NS_PER_MS
        start = self.fixed * NS_PER_MS
        bottom = lcm(slope.denominator, start.denominator)
        return int(slope * bottom), int(start * bottom), bottom

    def durations(self, size: int, longest: npt.ArrayLike) -> Ints:
        """Return T in ns of batches of one size: int64, shape of `longest`; the same values as `duration`."""
        slope, start, bottom = self.line(size)
        tokens = np.asarray(longest)
        wide = widened(tokens, int(tokens.max(initial=0)) * slope + start + bottom)
        return (-(-(wide * slope + start) // bottom)).astype(np.int64)
