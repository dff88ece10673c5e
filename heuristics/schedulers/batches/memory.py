"""b_mem: how many requests of recent lengths fit into the memory of a device."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from statistics import NormalDist

from heuristics.schedulers.batches.recent import Recent
from instances.errors import InputError

_DIGITS = 10**6


@dataclass(frozen=True)
class MemoryRule:
    """The batch size that memory allows, from the mean total length μ of recent requests.

    Either a share of the memory is kept free, b_mem = ⌊(η − L₀)/μ⌋ with L₀ = reserve·η, or room for the
    spread of the lengths: the largest b with bμ + Φ⁻¹(1 − overflow)·σ√b ≤ η, so that b requests of mean μ
    and deviation σ exceed η with about this probability by the central limit theorem (Pang et al., arXiv
    2503.05248, section on memory-aware batching).

    Attributes
    ----------
    reserve
        L₀/η, from 0 to below 1.
    overflow
        Probability from 0 to 1/2, both excluded; None for the share.
    """

    reserve: Fraction = Fraction(1, 10)
    overflow: Fraction | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.reserve < 1:
            raise InputError("a share from 0 to below 1", str(self.reserve), field="reserve")
        if self.overflow is not None and not 0 < self.overflow < Fraction(1, 2):
            raise InputError("a probability between 0 and 1/2", str(self.overflow), field="overflow")

    def size(self, recent: Recent, kv_tokens: int, most: int) -> int:
        """Return b_mem, from 1 to `most`; without a finished request there is no μ and it is `most`.

        Parameters
        ----------
        recent
            Lengths of finished requests.
        kv_tokens
            η in tokens.
        most
            Most requests of a batch.
        """
        if not recent.requests:
            return most
        if self.overflow is None:
            share = 1 - self.reserve
            fits = share.numerator * kv_tokens * recent.requests // (share.denominator * recent.tokens)
        else:
            fits = self._with_spread(recent, kv_tokens, most)
        return min(max(fits, 1), most)

    def _with_spread(self, recent: Recent, kv_tokens: int, most: int) -> int:
        """Return the largest b up to `most` that leaves room for the spread, by bisection in integers.

        With N requests, S = Σ L and Q = Σ L², the rule times N and squared is z²(NQ − S²)b ≤ (ηN − bS)².
        """
        assert self.overflow is not None
        z = self._quantile(self.overflow)
        count, total = recent.requests, recent.tokens
        spread = z * z * (count * recent.squares - total * total)
        low, high = 0, most
        while low < high:
            size = (low + high + 1) // 2
            room = kv_tokens * count - size * total
            if room >= 0 and spread * size <= room * room * _DIGITS * _DIGITS:
                low = size
            else:
                high = size - 1
        return low

    @staticmethod
    def _quantile(overflow: Fraction) -> int:
        """Return Φ⁻¹(1 − overflow) in millionths: rounded, so that it is the same on every machine."""
        return round(NormalDist().inv_cdf(1 - float(overflow)) * _DIGITS)
