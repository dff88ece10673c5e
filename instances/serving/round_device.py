"""Model B: a device that batches continuously, in rounds, under a budget of KV memory."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import lcm

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

    Raises
    ------
    InputError
        If a value is out of range.
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
        unit, fixed, prefill, per_request, per_held = self._whole
        return -(-(fixed + prefill * prefilled + per_request * running + per_held * held) // unit)

    def stride(self, rounds: int, prefilled: int, running: int, held: int) -> int:
        """Return the time in ns of consecutive rounds in which the same requests run, to the last digit.

        Parameters
        ----------
        rounds
            At least 0.
        prefilled
            Prompt tokens that the first of them prefills; the others prefill none.
        running
            Requests that run in each: held tokens grow by so many from round to round.
        held
            Tokens held in the first.
        """
        if rounds < 1:
            return 0
        unit, fixed, _, per_request, per_held = self._whole
        # Σ ⌈(first + k·growth)/unit⌉ over k < rounds, as a sum of floors.
        first = fixed + per_request * running + per_held * held
        plain = floor_sum(rounds, unit, per_held * running, first + unit - 1)
        return plain - (-(-first // unit)) + self.duration(prefilled, running, held)

    def rounds_until(self, ns: int, prefilled: int, running: int, held: int) -> int:
        """Return the least number of rounds, as in `stride`, that take at least `ns` nanoseconds."""
        # Rounds without prefill only get longer, so that the first of them bounds the number from above.
        low, high = 0, -(-ns // self.duration(0, running, held))
        while low < high:
            middle = (low + high) // 2
            if self.stride(middle, prefilled, running, held) >= ns:
                high = middle
            else:
                low = middle + 1
        return low

    @cached_property
    def _whole(self) -> tuple[int, int, int, int, int]:
        """Parts of a nanosecond, and the coefficients as whole numbers of them."""
        coefficients = [c * NS_PER_MS for c in (self.fixed, self.prefill, self.per_request, self.per_held)]
        unit = lcm(*(c.denominator for c in coefficients))
        fixed, prefill, per_request, per_held = (int(c * unit) for c in coefficients)
        return unit, fixed, prefill, per_request, per_held


def unit_rounds(kv_tokens: int, max_batch_size: int) -> RoundDevice:
    """Return the device of the published experiments, whose rounds all take one unit of time, here 1 ns."""
    return RoundDevice(
        kv_tokens, max_batch_size, Fraction(1, NS_PER_MS), Fraction(0), Fraction(0), Fraction(0)
    )


def floor_sum(terms: int, unit: int, slope: int, start: int) -> int:
    """Return Σ ⌊(slope·k + start)/unit⌋ over 0 ≤ k < terms, in a logarithmic number of steps.

    Lattice points under a line, counted as in Euclid's algorithm (Graham, Knuth and Patashnik, "Concrete
    Mathematics", section 3.5). `unit` is at least 1, the others at least 0.
    """
    total = 0
    while True:
        total += (slope // unit) * (terms * (terms - 1) // 2) + (start // unit) * terms
        slope, start = slope % unit, start % unit
        top = slope * terms + start
        if top < unit:
            return total
        # The points under what is left of the line, seen from its other side.
        terms, start = divmod(top, unit)
        unit, slope = slope, unit
