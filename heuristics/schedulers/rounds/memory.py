"""When a request may start: three ways to reckon with the KV memory of those that run already.

A device counts its rounds. A request that holds `held` tokens (its prompt, and what it had generated before
a preemption) and starts after round a holds held + (t − a) tokens in round t, until it is done. How many
rounds it needs is only *believed*: a policy sees predictions, never the true gen.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import Protocol


class Memory(Protocol):
    """The requests that run on one device, as far as their memory matters."""

    def earliest(self, held: int, rounds: int, clock: int) -> int | None:
        """Return the least round ≥ `clock` after which a request may start, None if that cannot be said.

        It holds as long as the same requests run: before the first of them is believed to be done.
        """

    def add(self, request: int, held: int, rounds: int, clock: int) -> None:
        """Let a request start after round `clock`, holding `held` tokens, for so many rounds."""

    def remove(self, request: int) -> None:
        """Take a request out: it is done, or was preempted."""

    def copy(self) -> Memory:
        """Return the same memory, to try things out on."""


class LookAhead:
    """A request may start if memory suffices in every round to come, as far as is believed.

    Held tokens grow until a request is done, so the rounds in which somebody is done are all that need a
    look: the test of MC-SF (Jaillet et al., arXiv 2502.07115, Algorithm 1).

    Parameters
    ----------
    budget
        M, tokens.
    """

    def __init__(self, budget: int) -> None:
        self.budget = budget
        # Sorted by last round; the request holds base + t in round t.
        self._ends: list[int] = []
        self._bases: list[int] = []
        self._requests: list[int] = []
        # All that is held in the round of each end.
        self._peaks: list[int] = []

    def earliest(self, held: int, rounds: int, clock: int) -> int | None:
        """Try starts in ascending order, each time leaping to the next that some round leaves possible."""
        ends, start = self._ends, clock
        while True:
            last = start + rounds
            # Holding held + (t − start) in the rounds t in which others end.
            needed = start
            for end, peak in zip(ends, self._peaks, strict=True):
                if end > last:
                    break
                if peak + end > needed + self.budget - held:
                    needed = peak + end - self.budget + held
            if needed == start:
                place = bisect_left(ends, last)
                others = sum(self._bases[place:]) + (len(ends) - place) * last
                if others + held + rounds <= self.budget:
                    return start
                # What others hold grows until the first of them, at `place`, ends.
                needed = ends[place] + 1 - rounds
            if needed >= ends[0]:
                return None
            start = needed

    def add(self, request: int, held: int, rounds: int, clock: int) -> None:
        """Raise the peaks until its last round, and insert its own."""
        ends, peaks = self._ends, self._peaks
        base, end = held - clock, clock + rounds
        left = bisect_left(ends, end)
        peak = sum(self._bases[left:]) + base + (len(ends) - left + 1) * end
        right = bisect_right(ends, end, lo=left)
        for place in range(right):
            peaks[place] += base + ends[place]
        for column, value in ((ends, end), (self._bases, base), (self._requests, request), (peaks, peak)):
            column.insert(right, value)

    def remove(self, request: int) -> None:
        """Lower the peaks until its last round."""
        found = self._requests.index(request)
        base, end = self._bases[found], self._ends[found]
        for column in (self._ends, self._bases, self._requests, self._peaks):
            del column[found]
        for place in range(bisect_right(self._ends, end)):
            self._peaks[place] -= base + self._ends[place]

    def copy(self) -> LookAhead:
        """Copy the columns."""
        other = LookAhead(self.budget)
        other._ends, other._bases = self._ends.copy(), self._bases.copy()
        other._requests, other._peaks = self._requests.copy(), self._peaks.copy()
        return other


class Reserved:
    """A request may start if memory suffices for all that run at their full length, all at once.

    What engines did that reserve memory for the longest answer in advance (Orca, OSDI 2022, section 4.2).
    """

    def __init__(self, budget: int) -> None:
        self.budget = budget
        self._full: dict[int, int] = {}
        self._total = 0

    def earliest(self, held: int, rounds: int, clock: int) -> int | None:
        """Only the end of a request frees what it reserved."""
        return clock if self._total + held + rounds <= self.budget else None

    def add(self, request: int, held: int, rounds: int, clock: int) -> None:
        """Reserve what it will hold in its last round."""
        self._full[request] = held + rounds
        self._total += held + rounds

    def remove(self, request: int) -> None:
        """Free what it reserved."""
        self._total -= self._full.pop(request)

    def copy(self) -> Reserved:
        """Copy the reservations."""
        other = Reserved(self.budget)
        other._full, other._total = self._full.copy(), self._total
        return other


class HeldNow:
    """A request may start if memory suffices in the next round; what comes then is dealt with then.

    What vLLM does (Kwon et al., SOSP 2023, section 4.5): nothing is reserved, and once memory is full the
    most recent requests are put back.
    """

    def __init__(self, budget: int) -> None:
        self.budget = budget
        self._bases: dict[int, int] = {}
        self._total = 0

    def earliest(self, held: int, rounds: int, clock: int) -> int | None:
        """Held tokens only grow until somebody is done."""
        next_round = self._total + len(self._bases) * (clock + 1)
        return clock if next_round + held + 1 <= self.budget else None

    def add(self, request: int, held: int, rounds: int, clock: int) -> None:
        """Count what it holds."""
        self._bases[request] = held - clock
        self._total += held - clock

    def remove(self, request: int) -> None:
        """Count it no more."""
        self._total -= self._bases.pop(request)

    def copy(self) -> HeldNow:
        """Copy what is held."""
        other = HeldNow(self.budget)
        other._bases, other._total = self._bases.copy(), self._total
        return other
