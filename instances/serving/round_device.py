"""Model B: a device that batches continuously, in rounds, under a budget of KV memory."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil

from instances.errors import InputError
from instances.serving.clock import NS_PER_MS


@dataclass(frozen=True)
class RoundDevice:
    """Every running request gets one token per round; prompts are prefilled in the first round.

    A request with prompt s and gen o that starts after round k holds s + (t − k) tokens in rounds
    t = k+1 … k+o (Jaillet et al., arXiv 2502.07115, section 2). A round in which P prompt tokens are
    prefilled, b requests run and h tokens are held takes fixed + prefill·P + per_request·b + per_held·h,
    rounded up to ns.

    Attributes
    ----------
    kv_tokens
        M: most tokens held in any round.
    max_batch_size
        Most requests that run in a round.
    fixed, prefill, per_request, per_held
        Coefficients ≥ 0 of a round's time in ms, not all of the first and third 0.
    """

    kv_tokens: int = 100_000
    max_batch_size: int = 64
    fixed: Fraction = Fraction(10)
    prefill: Fraction = Fraction(3, 100)
    per_request: Fraction = Fraction(1, 10)
    per_held: Fraction = Fraction(1, 10_000)

    def __post_init__(self) -> None:
        if (
            min(self.fixed, self.prefill, self.per_request, self.per_held) < 0
            or not self.fixed + self.per_request
        ):
            raise InputError("coefficients ≥ 0 and a round that takes time", str(self))
        if self.kv_tokens < 2 or self.max_batch_size < 1:
            raise InputError("kv_tokens of at least 2 and max_batch_size of at least 1", str(self))

    def duration(self, prefilled: int, running: int, held: int) -> int:
        """Return the time in ns of a round that prefills, runs and holds so much."""
        time = self.fixed + self.prefill * prefilled + self.per_request * running + self.per_held * held
        return ceil(time * NS_PER_MS)


def unit_rounds(kv_tokens: int, max_batch_size: int) -> RoundDevice:
    """Return the device of the published experiments, whose rounds all take one unit of time, here 1 ns."""
    return RoundDevice(
        kv_tokens, max_batch_size, Fraction(1, NS_PER_MS), Fraction(0), Fraction(0), Fraction(0)
    )
