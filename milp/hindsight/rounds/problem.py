"""Continuous batching in rounds: requests that hold growing memory, and what a schedule of them costs."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from instances.errors import InputError

Ints = npt.NDArray[np.int64]

MOST = 2**31
"""Bound on every number of a problem: memory, arrival, prompt and gen stay below it."""


@dataclass(frozen=True, eq=False)
class RoundProblem:
    """Requests for one machine whose memory holds `memory` tokens.

    Time runs in rounds 1, 2, …. A request that starts after round k ≥ arrival holds ``prompt + (t − k)``
    tokens in the rounds t = k + 1 … k + gen and completes at the end of the last of them, k + gen. In no
    round may the running requests hold more than `memory`. Nothing is interrupted. The total latency Σ (k +
    gen − arrival) is to be minimised. This is the hindsight program of Jaillet et al., arXiv 2502.07115,
    section 2.

    Parameters
    ----------
    memory
        Memory, in tokens.
    arrival
        Round after which each request is there, shape (requests,).
    prompt, gen
        Tokens of the prompt and tokens to generate, shape (requests,), each at least 1.

    Raises
    ------
    InputError
        If a number is out of range, or a request fits nowhere because prompt + gen exceeds the memory.
    """

    memory: int
    arrival: Ints
    prompt: Ints
    gen: Ints

    def __post_init__(self) -> None:
        for name, least in (("arrival", 0), ("prompt", 1), ("gen", 1)):
            column = np.array(getattr(self, name), dtype=np.int64)
            if column.ndim != 1 or len(column) != len(self.arrival):
                raise InputError("one whole number per request", column.shape, field=name)
            if len(column) and not least <= column.min() <= column.max() < MOST:
                found = int(column.min() if column.min() < least else column.max())
                raise InputError(f"whole numbers from {least} to 2^31 − 1", found, field=name)
            column.flags.writeable = False
            object.__setattr__(self, name, column)
        if not len(self.gen):
            raise InputError("at least one request", 0, field="gen")
        if not 1 <= self.memory < MOST:
            raise InputError("a whole number from 1 to 2^31 − 1", self.memory, field="memory")
        peak = int((self.prompt + self.gen).max())
        if peak > self.memory:
            raise InputError(
                f"requests of at most {self.memory} tokens, the memory", peak, field="prompt + gen"
            )

    @property
    def requests(self) -> int:
        """Number of requests."""
        return len(self.gen)

    def latency(self, start: Ints) -> int:
        """Return the total latency Σ (start + gen − arrival), in rounds."""
        return int((np.asarray(start) + self.gen - self.arrival).sum())

    def fault(self, start: Ints) -> str | None:
        """Return what is wrong with a schedule, in one line, or None if it is feasible.

        Parameters
        ----------
        start
            Round after which each request starts, shape (requests,).
        """
        start = np.asarray(start)
        if start.shape != self.gen.shape or start.dtype.kind != "i":
            return f"{self.requests} whole numbers are needed as starts"
        early = np.flatnonzero(start < self.arrival)
        if len(early):
            row = int(early[0])
            return f"request {row} starts after round {start[row]}, before it arrives ({self.arrival[row]})"
        if start.max() > MOST * 2**20:
            return "a start is too large"
        return self._overflow(start)

    def _overflow(self, start: Ints) -> str | None:
        # Between two completions the memory held never shrinks, so it is enough to look at completions.
        for round_ in np.unique(start + self.gen).tolist():
            runs = (start < round_) & (round_ <= start + self.gen)
            held = int((self.prompt + round_ - start)[runs].sum())
            if held > self.memory:
                return f"round {round_} holds {held} tokens, more than {self.memory}"
        return None

    def digest(self) -> str:
        """Return the SHA-256 of the problem, in hexadecimal; the order of the requests matters."""
        hasher = hashlib.sha256(b"batchproof-rounds/1\n")
        hasher.update(self.memory.to_bytes(8, "little"))
        for column in (self.arrival, self.prompt, self.gen):
            hasher.update(np.ascontiguousarray(column, dtype="<i8").data)
        return hasher.hexdigest()
