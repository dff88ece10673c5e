"""Requests over time, as columns in order of arrival."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from instances.errors import InputError

Ints = npt.NDArray[np.int64]

LATEST = 2**53
"""Latest arrival in ns, some 100 days: sums of times stay exact with room to spare."""


@dataclass(frozen=True, eq=False)
class Arrivals:
    """Requests in order of arrival; equal arrivals keep the order of the trace.

    Attributes
    ----------
    arrival
        int64, shape (requests,): nanoseconds since the first arrival, ascending, at most `LATEST`.
    prompt, gen
        int64, shape (requests,): prompt and generation length in tokens, each at least 1.
    priority
        int64, shape (requests,): class of each request, 0 the most urgent.

    Raises
    ------
    InputError
        If there is no request, the columns differ in length, or a value is out of range.
    """

    arrival: Ints
    prompt: Ints
    gen: Ints
    priority: Ints

    def __post_init__(self) -> None:
        columns = (self.arrival, self.prompt, self.gen, self.priority)
        if len({len(column) for column in columns}) != 1:
            raise InputError("columns of equal length", [len(column) for column in columns])
        if not len(self.arrival):
            raise InputError("at least one request", "none")
        if (np.diff(self.arrival) < 0).any():
            raise InputError("arrivals in ascending order", "a request before its predecessor")
        if self.arrival[0] < 0 or self.arrival[-1] > LATEST:
            raise InputError(f"arrivals from 0 to {LATEST} ns", f"{self.arrival[0]} to {self.arrival[-1]}")
        if min(self.prompt.min(), self.gen.min()) < 1 or self.priority.min() < 0:
            raise InputError("lengths of at least 1 and classes of at least 0", "a smaller one")

    @classmethod
    def of(
        cls,
        arrival: npt.ArrayLike,
        prompt: npt.ArrayLike,
        gen: npt.ArrayLike,
        priority: npt.ArrayLike | None = None,
    ) -> Arrivals:
        """Sort requests by arrival and count time from the first; without `priority` all are of class 0."""
        times = np.asarray(arrival, dtype=np.int64)
        order = np.argsort(times, kind="stable")
        times = times[order]
        classes = (
            np.zeros(len(times), dtype=np.int64) if priority is None else np.asarray(priority, dtype=np.int64)
        )
        return cls(
            times - times[0] if len(times) else times,
            np.asarray(prompt, dtype=np.int64)[order],
            np.asarray(gen, dtype=np.int64)[order],
            classes[order],
        )

    def __len__(self) -> int:
        return len(self.arrival)

    @property
    def tokens(self) -> Ints:
        """Total length of each request, prompt + gen: int64, shape (requests,)."""
        return self.prompt + self.gen

    def faster(self, rate: Fraction) -> Arrivals:
        """Return the same requests arriving `rate` times as fast, rounded down to nanoseconds.

        Raises
        ------
        InputError
            If the rate is not positive, or so small that arrivals pass `LATEST`.
        """
        if rate <= 0:
            raise InputError("a positive rate", str(rate), field="rate")
        if Fraction(int(self.arrival[-1])) / rate > LATEST:
            raise InputError(f"arrivals up to {LATEST} ns at this rate", str(rate), field="rate")
        wide = self.arrival.astype(object) * rate.denominator // rate.numerator
        return Arrivals(wide.astype(np.int64), self.prompt, self.gen, self.priority)

    def first(self, requests: int) -> Arrivals:
        """Return the first so many requests."""
        return Arrivals(
            self.arrival[:requests], self.prompt[:requests], self.gen[:requests], self.priority[:requests]
        )

    def with_priority(self, priority: npt.ArrayLike) -> Arrivals:
        """Return the same requests in these classes."""
        return Arrivals(self.arrival, self.prompt, self.gen, np.asarray(priority, dtype=np.int64))

    def digest(self) -> str:
        """Return the SHA-256 of the columns, in hexadecimal."""
        hasher = hashlib.sha256(b"batchproof-arrivals/1\n")
        hasher.update(len(self).to_bytes(8, "little"))
        for column in (self.arrival, self.prompt, self.gen, self.priority):
            hasher.update(np.ascontiguousarray(column, dtype="<i8").data)
        return hasher.hexdigest()
